import { Button, type ButtonLook } from "@/components/ui/button";
import type { ActionForm } from "./use-action-form";

type SubmitButtonProps = {
  form: ActionForm<never>;
  look?: ButtonLook;
  busyLabel: string;
  /** The id of what describes it further. */
  describedBy?: string;
  children: string;
};

/** Tells a screen reader that the press is being worked on: a button that changes its words says nothing by itself. */
export function BusyStatus({ children }: { children: string | false }) {
  return (
    <p role="status" className="sr-only">
      {children}
    </p>
  );
}

export function SubmitButton({ form, look, busyLabel, describedBy, children }: SubmitButtonProps) {
  return (
    <>
      <Button
        type="submit"
        look={look}
        isBusy={form.isBusy}
        busyLabel={busyLabel}
        aria-describedby={describedBy}
        className="w-full"
      >
        {children}
      </Button>
      <BusyStatus>{form.isBusy && busyLabel}</BusyStatus>
    </>
  );
}
