"use client";

import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { LoginName } from "@/components/form/login-name";
import { NewPasswordFields, type PasswordRules } from "@/components/form/new-password-fields";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { changePasswordAction } from "./actions";

/** `email`: what the account logs in with. */
export function ChangePasswordForm({ email, rules }: { email: string; rules: PasswordRules }) {
  const { form, formProps } = useActionForm<"currentPassword" | "password" | "confirmation">(
    changePasswordAction,
    () =>
      import("@/lib/shared/schemas").then(({ changePasswordSchemaFor }) =>
        changePasswordSchemaFor(rules.passwordMinLength),
      ),
  );
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <LoginName email={email} />
      <PasswordField
        form={form}
        name="currentPassword"
        label="Current password"
        autoComplete="current-password"
      />
      <NewPasswordFields form={form} label="New password" rules={rules} />
      <SubmitButton form={form} busyLabel="Changing…">
        Change password
      </SubmitButton>
    </Form>
  );
}
