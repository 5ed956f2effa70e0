"use client";

import { usePathname } from "next/navigation";
import type { ComponentProps } from "react";

/** A link that knows when it leads to where one is; `aria-[current=page]:` styles that. */
export function NavLink({ href, ...props }: ComponentProps<"a"> & { href: string }) {
  const isCurrent = usePathname() === href;
  return <a href={href} aria-current={isCurrent ? "page" : undefined} {...props} />;
}
