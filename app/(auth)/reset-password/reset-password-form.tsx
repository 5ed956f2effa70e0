"use client";

import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { StrengthMeter } from "@/components/form/strength-meter";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { resetPasswordAction } from "./actions";

/** From configuration, by way of the page: importing the schema here would put zod into the page's own script. */
type Limits = { passwordMin: number; passwordMaxBytes: number };

export function ResetPasswordForm({ limits }: { limits: Limits }) {
  const { form, formProps } = useActionForm(resetPasswordAction, () =>
    import("@/lib/schemas").then(({ resetPasswordSchemaFor }) => resetPasswordSchemaFor(limits.passwordMin)),
  );
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <div>
        <PasswordField
          form={form}
          name="password"
          label="New password"
          hint={`At least ${limits.passwordMin} characters. A few words in a row are easy to remember.`}
          autoComplete="new-password"
          minLength={limits.passwordMin}
          generatorMaxLength={limits.passwordMaxBytes}
          rechecks="confirmation"
        />
        <StrengthMeter form={form} name="password" minLength={limits.passwordMin} />
      </div>
      <PasswordField form={form} name="confirmation" label="Confirm password" autoComplete="new-password" />
      <SubmitButton form={form} busyLabel="Changing…">
        Change password
      </SubmitButton>
    </form>
  );
}
