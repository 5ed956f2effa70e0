"use client";

import { EmailField } from "@/components/form/email-field";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { verifyCodeAction } from "./actions";

/** `email`: the address of the person who is logged in; null asks for it, and for the password. */
export function VerifyCodeForm({ email }: { email: string | null }) {
  const { form, formProps } = useActionForm<"email" | "password" | "code">(verifyCodeAction, () =>
    import("@/lib/shared/schemas").then(({ verifyCodeSchema, verifyCodeWithPasswordSchema }) =>
      email === null ? verifyCodeWithPasswordSchema : verifyCodeSchema,
    ),
  );
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      {email === null ? (
        <>
          <EmailField form={form} name="email" label="Email" autoComplete="username" />
          <PasswordField form={form} name="password" label="Password" autoComplete="current-password" />
        </>
      ) : (
        <input type="hidden" name="email" value={email} />
      )}
      <Field
        form={form}
        name="code"
        label="Code"
        hint="Six digits, from the email."
        inputMode="numeric"
        autoComplete="one-time-code"
        className="tabular-nums"
      />
      <SubmitButton form={form} busyLabel="Confirming…">
        Confirm
      </SubmitButton>
    </Form>
  );
}
