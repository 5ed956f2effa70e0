"use client";

import { Field } from "@/components/form/field";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { Button } from "@/components/ui/button";
import { resendVerificationAction, verifyCodeAction, verifyEmailAction } from "./actions";

const loadNothing = () => import("zod").then(({ z }) => z.object({}));
const loadCodeSchema = () => import("@/lib/schemas").then(({ verifyCodeSchema }) => verifyCodeSchema);

/** The button behind a mailed link. */
export function VerifyEmailForm() {
  const { form, formProps } = useActionForm(verifyEmailAction, loadNothing);
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <SubmitButton form={form} busyLabel="Confirming…">
        Confirm this address
      </SubmitButton>
    </form>
  );
}

/** `email`: the address of whoever is logged in; null asks for it. */
export function VerifyCodeForm({ email }: { email: string | null }) {
  const { form, formProps } = useActionForm(verifyCodeAction, loadCodeSchema);
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      {email === null ? (
        <Field form={form} name="email" label="Email" type="email" inputMode="email" autoComplete="email" />
      ) : (
        <input type="hidden" name="email" value={email} />
      )}
      <Field
        form={form}
        name="code"
        label="Code"
        hint="Six digits, from the letter."
        inputMode="numeric"
        autoComplete="one-time-code"
        className="tabular-nums"
      />
      <SubmitButton form={form} busyLabel="Confirming…">
        Confirm
      </SubmitButton>
    </form>
  );
}

export function ResendVerificationForm() {
  const { form, formProps } = useActionForm(resendVerificationAction, loadNothing);
  return (
    <form {...formProps} className="mt-5 grid gap-5 border-line border-t pt-5">
      <FormMessage form={form} />
      <Button type="submit" look="quiet" isBusy={form.isBusy} busyLabel="Sending…" className="w-full">
        Send another letter
      </Button>
    </form>
  );
}
