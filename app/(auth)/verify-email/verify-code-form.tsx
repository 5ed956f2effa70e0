"use client";

import { EmailField } from "@/components/form/email-field";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { verifyCodeAction } from "./actions";

type VerifyCodeFormProps = {
  /** The address of the person who is logged in; null asks for it, and for the password. */
  email: string | null;
  /** The address typed before; empty for none. */
  typedEmail: string;
};

export function VerifyCodeForm({ email, typedEmail }: VerifyCodeFormProps) {
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
          <EmailField
            form={form}
            name="email"
            label="Email"
            initialValue={typedEmail}
            autoComplete="username"
          />
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
        enterKeyHint="done"
        className="max-w-40 font-mono tabular-nums tracking-widest"
      />
      <SubmitButton form={form} busyLabel="Confirming…">
        Confirm
      </SubmitButton>
    </Form>
  );
}
