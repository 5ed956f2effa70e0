"use client";

import { createContext, type ReactNode, use } from "react";
import type { TypedValues } from "@/lib/shared/action-state";

interface Typed {
  values: TypedValues;
  /** The name of the form that they were typed into; null where that is not known. */
  form: string | null;
}

const TypedContext = createContext<Typed>({ values: {}, form: null });

/** Gives the forms of a page what was typed there before, and was not worked on. */
export function TypedBefore({ values, form, children }: Typed & { children: ReactNode }) {
  return <TypedContext value={{ values, form }}>{children}</TypedContext>;
}

/** @param form the name of the form that asks */
export function useTypedBefore(form: string): TypedValues {
  const typed = use(TypedContext);
  return typed.form === null || typed.form === form ? typed.values : {};
}
