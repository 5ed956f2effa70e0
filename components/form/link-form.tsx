"use client";

import { Form } from "./form";
import { FormMessage } from "./form-message";
import { LoginName } from "./login-name";
import { PasswordField } from "./password-field";
import { SubmitButton } from "./submit-button";
import { useActionForm } from "./use-action-form";
import type { FormAction } from "./use-server-action";

type LinkFormProps = {
  action: FormAction;
  /** Which emailed link this form is for. */
  linkId: string;
  /** The address the account has now; null once the link no longer works. */
  email: string | null;
  /** True where this browser is not logged in to that account. */
  asksPassword: boolean;
  label: string;
  busyLabel: string;
};

const loadSchema = () => import("@/lib/shared/schemas").then(({ linkPasswordSchema }) => linkPasswordSchema);

/** Uses an emailed link: with one press where the account is logged in, else with its password. */
export function LinkForm({ action, linkId, email, asksPassword, label, busyLabel }: LinkFormProps) {
  const { form, formProps } = useActionForm<"password">(action, asksPassword ? loadSchema : undefined);
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="link" value={linkId} />
      {asksPassword && (
        <>
          {email && <LoginName email={email} />}
          <PasswordField form={form} name="password" label="Password" autoComplete="current-password" />
        </>
      )}
      <SubmitButton form={form} busyLabel={busyLabel}>
        {label}
      </SubmitButton>
    </Form>
  );
}
