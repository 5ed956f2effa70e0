"use client";

import { FormMessage } from "@/components/form/form-message";
import { NewPasswordFields, type PasswordRules } from "@/components/form/new-password-fields";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { resetPasswordAction } from "./actions";

type ResetPasswordFormProps = {
  /** Which emailed link this form is for. */
  linkId: string;
  /** Whose password it will be; null once the link no longer works. */
  email: string | null;
  rules: PasswordRules;
};

export function ResetPasswordForm({ linkId, email, rules }: ResetPasswordFormProps) {
  const { form, formProps } = useActionForm(resetPasswordAction, () =>
    import("@/lib/shared/schemas").then(({ resetPasswordSchemaFor }) =>
      resetPasswordSchemaFor(rules.passwordMinLength),
    ),
  );
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="link" value={linkId} />
      {email && (
        <>
          <p className="wrap-anywhere text-muted">
            For <strong className="text-ink">{email}</strong>
          </p>
          {/* Nothing to send: it tells password managers what the password belongs to. */}
          <input type="email" autoComplete="username" value={email} readOnly hidden />
        </>
      )}
      <NewPasswordFields form={form} label="New password" rules={rules} />
      <SubmitButton form={form} busyLabel="Changing…">
        Change password
      </SubmitButton>
    </form>
  );
}
