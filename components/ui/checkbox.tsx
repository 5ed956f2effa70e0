import type { ComponentProps } from "react";

// The tick is a clipped block of paper on ink. Forced colours would paint over both, so there the browser's own box stands.
const TICK =
  "before:size-3 before:bg-paper before:opacity-0 before:transition-opacity before:content-[''] checked:before:opacity-100 " +
  "before:[clip-path:polygon(14%_44%,0_58%,38%_94%,100%_22%,86%_9%,37%_66%)]";

/** A box to tick, in our ink. */
export function Checkbox({ className = "", ...props }: Omit<ComponentProps<"input">, "type">) {
  return (
    <input
      type="checkbox"
      className={`grid size-5 shrink-0 cursor-pointer appearance-none place-content-center rounded-[5px] border border-field bg-card transition-colors checked:border-ink checked:bg-ink hover:border-ink forced-colors:appearance-auto ${TICK} ${className}`}
      {...props}
    />
  );
}
