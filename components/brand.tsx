import type { ComponentProps } from "react";
import { brand } from "@/lib/shared/brand";

type KeyMarkProps = ComponentProps<"svg"> & {
  /** How thick the line is, where the whole drawing is 24 high. Less for a larger drawing. */
  weight?: number;
};

/** The mark of the product, as `lib/shared/brand.ts` has it. */
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
      <circle {...brand.mark.circle} />
      <path d={brand.mark.path} />
    </svg>
  );
}
