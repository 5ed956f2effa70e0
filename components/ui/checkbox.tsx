import type { ComponentProps } from "react";

/** The browser's own checkbox, in our ink: it brings keyboard, forced colours and both schemes with it. */
export function Checkbox({ className = "", ...props }: Omit<ComponentProps<"input">, "type">) {
  return <input type="checkbox" className={`size-5 shrink-0 accent-ink ${className}`} {...props} />;
}
