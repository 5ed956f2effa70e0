"use client";

import { EmailField } from "@/components/form/email-field";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { NewPasswordFields, type PasswordRules } from "@/components/form/new-password-fields";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { registerAction } from "./actions";

type RegisterFormProps = {
  rules: PasswordRules;
  /** The rule for usernames in words. */
  usernameHint: string;
};

export function RegisterForm({ rules, usernameHint }: RegisterFormProps) {
  const { form, formProps } = useActionForm(registerAction, () =>
    import("@/lib/shared/schemas").then(({ registerSchemaFor }) => registerSchemaFor(rules)),
  );
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="username"
        label="Username"
        hint={usernameHint}
        // Not "username": a password manager would keep it as what to log in with, and that is the email.
        autoComplete="nickname"
      />
      <EmailField form={form} name="email" label="Email" autoComplete="email" />
      <NewPasswordFields form={form} label="Password" rules={rules} />
      <SubmitButton form={form} busyLabel="Registering…">
        Register
      </SubmitButton>
    </Form>
  );
}
