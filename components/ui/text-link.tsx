import type { ComponentProps } from "react";

/** A link in running text: ink, on a thread of brass. */
export function TextLink({ className = "", ...props }: ComponentProps<"a">) {
  return (
    <a
      className={`rounded-xs font-semibold underline decoration-brass decoration-2 underline-offset-4 transition-colors hover:decoration-ink ${className}`}
      {...props}
    />
  );
}
