"use client";

import { EmailField } from "@/components/form/email-field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { forgotPasswordAction } from "./actions";

const loadSchema = () =>
  import("@/lib/shared/schemas").then(({ forgotPasswordSchema }) => forgotPasswordSchema);

/** `email`: the address typed before; empty for none. */
export function ForgotPasswordForm({ email }: { email: string }) {
  const { form, formProps } = useActionForm(forgotPasswordAction, loadSchema);
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <EmailField
        form={form}
        name="email"
        label="Email"
        initialValue={email}
        hint="We send an email there with a link to choose a new password."
        autoComplete="username"
        enterKeyHint="send"
      />
      <SubmitButton form={form} busyLabel="Sending…">
        Send the link
      </SubmitButton>
    </Form>
  );
}
