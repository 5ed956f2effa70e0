import type { ComponentProps } from "react";

/** A line to type on. 16 px text, or iOS zooms in on focus. */
export function Input({ className = "", ...props }: ComponentProps<"input">) {
  return (
    <input
      className={`min-h-11 w-full min-w-0 rounded-control border border-field bg-card px-3 py-2 text-body text-ink transition-colors placeholder:text-muted hover:border-ink aria-invalid:border-danger aria-invalid:ring-1 aria-invalid:ring-danger ${className}`}
      {...props}
    />
  );
}

/** What to know before typing, below its field. */
export function Hint({ className = "", ...props }: ComponentProps<"p">) {
  return <p className={`text-muted text-small ${className}`} {...props} />;
}
