"use client";

import { usePathname } from "next/navigation";
import type { ComponentProps } from "react";

/** A link of the header, which knows when it leads to where one is. */
export function NavLink({ href, className = "", ...props }: ComponentProps<"a"> & { href: string }) {
  const isCurrent = usePathname() === href;
  return (
    <a
      href={href}
      aria-current={isCurrent ? "page" : undefined}
      className={`flex min-h-11 items-center rounded-control px-3 decoration-brass decoration-2 underline-offset-8 transition-colors hover:bg-wash aria-[current=page]:underline ${className}`}
      {...props}
    />
  );
}
