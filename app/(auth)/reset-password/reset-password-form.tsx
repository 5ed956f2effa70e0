"use client";

import { FormMessage } from "@/components/form/form-message";
import { NewPasswordFields, type PasswordLimits } from "@/components/form/new-password-fields";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { resetPasswordAction } from "./actions";

export function ResetPasswordForm({ limits }: { limits: PasswordLimits }) {
  const { form, formProps } = useActionForm(resetPasswordAction, () =>
    import("@/lib/schemas").then(({ resetPasswordSchemaFor }) => resetPasswordSchemaFor(limits.passwordMin)),
  );
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <NewPasswordFields form={form} label="New password" limits={limits} />
      <SubmitButton form={form} busyLabel="Changing…">
        Change password
      </SubmitButton>
    </form>
  );
}
