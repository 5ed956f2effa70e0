"use client";

import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import type { PageMarks } from "@/lib/shared/page-fields";

interface PageState {
  marks: PageMarks;
  /** Where the site is for everybody: its public address. */
  origin: string;
  /** True once a form of this page was answered: only that answer stands then. */
  isAnswered: boolean;
  noteAnswer: () => void;
  /** What its forms have sent, each from when it is sent until its answer, or until the next document is there. */
  underWay: Set<FormData>;
}

const PageContext = createContext<PageState | null>(null);

/** Around everything on a page: what its forms share. */
export function PageProvider({
  marks,
  origin,
  children,
}: Pick<PageState, "marks" | "origin"> & { children: ReactNode }) {
  const [isAnswered, setIsAnswered] = useState(false);
  const [underWay] = useState(() => new Set<FormData>());
  const page = useMemo(
    () => ({ marks, origin, isAnswered, noteAnswer: () => setIsAnswered(true), underWay }),
    [marks, origin, isAnswered, underWay],
  );
  return <PageContext value={page}>{children}</PageContext>;
}

export function usePage(): PageState {
  const page = useContext(PageContext);
  if (!page) throw new Error("outside of a page");
  return page;
}
