"use client";

import { Form } from "./form";
import { FormMessage } from "./form-message";
import { LoginName } from "./login-name";
import { NewPasswordFields, type PasswordRules } from "./new-password-fields";
import { SubmitButton } from "./submit-button";
import { useActionForm } from "./use-action-form";
import type { FormAction } from "./use-server-action";

type NewPasswordFormProps = {
  action: FormAction;
  /** Which emailed link this form is for. */
  linkId: string;
  /** Whose password it will be; null once the link no longer works. */
  email: string | null;
  rules: PasswordRules;
  label: string;
};

/** Sets a new password by an emailed link. */
export function NewPasswordForm({ action, linkId, email, rules, label }: NewPasswordFormProps) {
  const { form, formProps } = useActionForm<"password" | "confirmation">(action, () =>
    import("@/lib/shared/schemas").then(({ resetPasswordSchemaFor }) =>
      resetPasswordSchemaFor(rules.passwordMinLength),
    ),
  );
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="link" value={linkId} />
      {email && (
        <>
          <p className="wrap-anywhere text-muted">
            For <strong className="text-ink">{email}</strong>
          </p>
          <LoginName email={email} />
        </>
      )}
      <NewPasswordFields form={form} label="New password" rules={rules} />
      <SubmitButton form={form} busyLabel="Changing…">
        {label}
      </SubmitButton>
    </Form>
  );
}
