"use client";

import { type MouseEvent, type ReactNode, useId, useRef } from "react";
import { Button, ButtonLink, type ButtonLook } from "@/components/ui/button";

/** A question to be sure: asked in a dialog where a script runs, and by a page where none does. */
export interface Confirmation {
  /** The page that asks the same. */
  href: string;
  title: string;
  /** One sentence: what will happen. */
  text: string;
}

type ConfirmButtonProps = Confirmation & {
  /** What the button says that leads to the question. */
  label: string;
  look?: ButtonLook;
  /** The form that does it. */
  children: ReactNode;
  className?: string;
};

/** A button that asks first. Escape and "Cancel" lead back to it: the browser gives it the focus again. */
export function ConfirmButton({
  href,
  title,
  text,
  label,
  look = "quiet",
  children,
  className,
}: ConfirmButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  function ask(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // the page, in a tab of its own
    event.preventDefault();
    dialog.current?.showModal();
  }

  return (
    <>
      <ButtonLink href={href} look={look} className={className} aria-haspopup="dialog" onClick={ask}>
        {label}
      </ButtonLink>
      <dialog
        ref={dialog}
        aria-labelledby={id}
        className="m-auto w-[calc(100%-2rem)] max-w-card rounded-card border border-line bg-card p-6 text-ink shadow-card backdrop:bg-[rgb(0_0_0/50%)] snug:p-8"
      >
        <h2 id={id} className="text-lead">
          {title}
        </h2>
        <p className="wrap-anywhere mt-1 mb-6 text-muted">{text}</p>
        {children}
        <form method="dialog" className="mt-3 grid">
          <Button type="submit" look="quiet">
            Cancel
          </Button>
        </form>
      </dialog>
    </>
  );
}
