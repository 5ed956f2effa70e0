"use client";

import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { LoginName } from "@/components/form/login-name";
import { NewPasswordFields, type PasswordRules } from "@/components/form/new-password-fields";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { changePasswordAction, setFirstPasswordAction } from "./actions";

type ChangePasswordFormProps = {
  /** What the account logs in with. */
  email: string;
  /** False for an account that has no password yet. */
  asksCurrent: boolean;
  rules: PasswordRules;
};

export function ChangePasswordForm({ email, asksCurrent, rules }: ChangePasswordFormProps) {
  const { form, formProps } = useActionForm<"currentPassword" | "password" | "confirmation">(
    asksCurrent ? changePasswordAction : setFirstPasswordAction,
    () =>
      import("@/lib/shared/schemas").then(({ changePasswordSchemaFor, resetPasswordSchemaFor }) =>
        (asksCurrent ? changePasswordSchemaFor : resetPasswordSchemaFor)(rules.passwordMinLength),
      ),
  );
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <LoginName email={email} />
      {asksCurrent && (
        <PasswordField
          form={form}
          name="currentPassword"
          label="Current password"
          autoComplete="current-password"
        />
      )}
      <NewPasswordFields form={form} label="New password" rules={rules} />
      <SubmitButton form={form} busyLabel="Changing…">
        {asksCurrent ? "Change password" : "Set password"}
      </SubmitButton>
    </Form>
  );
}
