import type { ComponentProps } from "react";

/** The mark: a latch key. Drawn once, here; `app/icon.svg` is the same key on a plate. */
export function KeyMark(props: ComponentProps<"svg">) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" aria-hidden="true" {...props}>
      <circle cx="12" cy="6.75" r="4.25" strokeWidth="2.5" />
      <path d="M12 11v10.5" strokeWidth="2.5" strokeLinecap="round" />
      <path d="M13 16h3.25M13 20h4.25" strokeWidth="2.5" strokeLinecap="round" />
    </svg>
  );
}
