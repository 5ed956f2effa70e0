import type { ComponentProps } from "react";

type KeyMarkProps = ComponentProps<"svg"> & {
  /** How thick the line is, where the whole drawing is 24 high. Less for a larger drawing. */
  weight?: number;
};

/** The mark: a latch key. Drawn once, here; `app/icon.svg` is the same key on a plate. */
export function KeyMark({ weight = 2.5, className = "", ...props }: KeyMarkProps) {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={weight}
      strokeLinecap="round"
      className={`rotate-45 text-brass ${className}`}
      aria-hidden="true"
      {...props}
    >
      <circle cx="12" cy="6.75" r="4.25" />
      <path d="M12 11v10.5M12 16h4.25M12 20h5.25" />
    </svg>
  );
}
