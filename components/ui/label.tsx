import type { ComponentProps } from "react";

export function Label({
  htmlFor,
  className = "",
  children,
  ...props
}: ComponentProps<"label"> & { htmlFor: string }) {
  return (
    <label htmlFor={htmlFor} className={`font-semibold text-small ${className}`} {...props}>
      {children}
    </label>
  );
}
