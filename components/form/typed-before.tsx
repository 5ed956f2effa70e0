"use client";

import { createContext, type ReactNode, use } from "react";
import type { TypedValues } from "@/lib/shared/action-state";

const Typed = createContext<TypedValues>({});

/** Gives the forms of a page what was typed into an older one, which could not be sent. */
export function TypedBefore({ values, children }: { values: TypedValues; children: ReactNode }) {
  return <Typed value={values}>{children}</Typed>;
}

export function useTypedBefore(): TypedValues {
  return use(Typed);
}
