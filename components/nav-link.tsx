"use client";

import { usePathname } from "next/navigation";
import type { ComponentProps } from "react";

type NavLinkProps = ComponentProps<"a"> & {
  href: string;
  /** Marked on every page below it too. */
  isSection?: boolean;
};

/** A link that marks itself when it leads to the page shown; `aria-[current]:` styles that. */
export function NavLink({ href, isSection = false, ...props }: NavLinkProps) {
  const path = usePathname();
  const isInside = isSection && path.startsWith(`${href}/`);
  return <a href={href} aria-current={path === href ? "page" : isInside || undefined} {...props} />;
}
