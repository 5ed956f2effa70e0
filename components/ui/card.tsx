import type { ComponentProps } from "react";

/** A raised surface; on a phone it runs from edge to edge. */
export function Card({ className = "", ...props }: ComponentProps<"div">) {
  return (
    <div
      className={`-mx-4 border-line border-y bg-card p-4 shadow-card dark:shadow-none snug:mx-0 snug:rounded-card snug:border snug:p-8 ${className}`}
      {...props}
    />
  );
}
