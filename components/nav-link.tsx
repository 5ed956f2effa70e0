"use client";

import { usePathname } from "next/navigation";
import type { ComponentProps } from "react";

type NavLinkProps = ComponentProps<"a"> & {
  href: string;
  /** Stands for all that lies below it too. */
  isSection?: boolean;
};

/** A link that knows when it leads to where one is; `aria-[current]:` styles that. */
export function NavLink({ href, isSection = false, ...props }: NavLinkProps) {
  const path = usePathname();
  const isInside = isSection && path.startsWith(`${href}/`);
  return <a href={href} aria-current={path === href ? "page" : isInside || undefined} {...props} />;
}
