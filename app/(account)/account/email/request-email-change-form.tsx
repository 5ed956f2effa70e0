"use client";

import { EmailField } from "@/components/form/email-field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { LoginName } from "@/components/form/login-name";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { requestEmailChangeAction } from "./actions";

const loadSchema = () =>
  import("@/lib/shared/schemas").then(({ requestEmailChangeSchema }) => requestEmailChangeSchema);

/** `email`: the address the account has now. */
export function RequestEmailChangeForm({ email }: { email: string }) {
  const { form, formProps } = useActionForm(requestEmailChangeAction, loadSchema);
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <LoginName email={email} />
      <EmailField
        form={form}
        name="email"
        label="New email"
        hint="We send an email with a link there, and one to your current address. Nothing changes until you follow the link."
        autoComplete="email"
      />
      <PasswordField form={form} name="password" label="Current password" autoComplete="current-password" />
      <SubmitButton form={form} busyLabel="Sending…">
        Send the link
      </SubmitButton>
    </Form>
  );
}
