import type { ComponentProps } from "react";

export type ButtonLook = "primary" | "quiet" | "danger";

// A border on every look: in forced colours it is all that is left of a filled button.
const BASE =
  "inline-grid min-h-11 cursor-pointer place-content-center rounded-control border px-5 py-2 text-center font-semibold " +
  "transition-colors aria-disabled:cursor-progress print:hidden";

const LOOKS: Record<ButtonLook, string> = {
  primary: "border-transparent bg-ink text-paper hover:bg-ink-soft aria-disabled:bg-ink-soft",
  quiet: "border-field bg-card text-ink hover:border-ink hover:bg-wash aria-disabled:text-muted",
  danger: "border-transparent bg-danger text-card hover:opacity-90 aria-disabled:opacity-80",
};

// The label not shown takes up room unseen, so the button is as wide as its wider label at all times.
const KEEPS_WIDTH = "after:invisible after:h-0 after:overflow-hidden after:content-[attr(data-other-label)]";

/** The classes of a button, for a link that should look like one. */
export function buttonClasses(look: ButtonLook = "primary", className = ""): string {
  return `${BASE} ${LOOKS[look]} ${className}`;
}

type ButtonProps = ComponentProps<"button"> & {
  look?: ButtonLook;
  /** Shown as unavailable and still focusable: a disabled button would drop the focus of the person who just pressed it. */
  isBusy?: boolean;
  /** What it says while busy. */
  busyLabel?: string;
  children: string;
};

/** A button. Busy, it changes its words and keeps its width; its form ignores the press. */
export function Button({ look, isBusy = false, busyLabel, className, children, ...props }: ButtonProps) {
  const isRelabelled = isBusy && busyLabel !== undefined;
  return (
    <button
      type="button"
      aria-disabled={isBusy || undefined}
      data-other-label={isRelabelled ? children : busyLabel}
      className={buttonClasses(look, `${busyLabel ? KEEPS_WIDTH : ""} ${className ?? ""}`)}
      {...props}
    >
      {isRelabelled ? busyLabel : children}
    </button>
  );
}

/** A link that looks like a button: it goes somewhere and changes nothing. */
export function ButtonLink({ look, className, ...props }: ComponentProps<"a"> & { look?: ButtonLook }) {
  return <a className={buttonClasses(look, `no-underline ${className ?? ""}`)} {...props} />;
}
