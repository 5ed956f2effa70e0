import type { ComponentProps } from "react";
import { CheckIcon, InfoIcon, WarningIcon } from "./icons";

export type AlertKind = "success" | "info" | "danger";

const LOOKS = {
  success: { icon: CheckIcon, classes: "border-success/25 bg-success-tint text-success" },
  info: { icon: InfoIcon, classes: "border-info/25 bg-info-tint text-info" },
  danger: { icon: WarningIcon, classes: "border-danger/25 bg-danger-tint text-danger" },
} as const;

/** A sentence that must not be missed. Danger interrupts a screen reader; the others wait their turn. */
export function Alert({
  kind,
  className = "",
  children,
  ...props
}: ComponentProps<"div"> & { kind: AlertKind }) {
  const { icon: KindIcon, classes } = LOOKS[kind];
  return (
    <div
      role={kind === "danger" ? "alert" : "status"}
      className={`flex gap-2.5 rounded-control border px-3.5 py-3 ${classes} ${className}`}
      {...props}
    >
      <KindIcon className="mt-0.5 shrink-0" />
      <p className="min-w-0 wrap-break-word">{children}</p>
    </div>
  );
}
