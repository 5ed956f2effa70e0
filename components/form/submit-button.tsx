import { Button } from "@/components/ui/button";
import type { ActionForm } from "./use-action-form";

type SubmitButtonProps = { form: ActionForm<never>; busyLabel: string; children: string };

export function SubmitButton({ form, busyLabel, children }: SubmitButtonProps) {
  return (
    <Button type="submit" isBusy={form.isBusy} busyLabel={busyLabel} className="w-full">
      {children}
    </Button>
  );
}
