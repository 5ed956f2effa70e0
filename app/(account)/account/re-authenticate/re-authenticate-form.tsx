"use client";

import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { LoginName } from "@/components/form/login-name";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { reAuthenticateAction } from "./actions";

const loadSchema = () =>
  import("@/lib/shared/schemas").then(({ reAuthenticateSchema }) => reAuthenticateSchema);

type ReAuthenticateFormProps = {
  /** What the account logs in with. */
  email: string;
  /** The page to go on to, a path on this site. */
  callbackUrl: string;
};

export function ReAuthenticateForm({ email, callbackUrl }: ReAuthenticateFormProps) {
  const { form, formProps } = useActionForm<"password">(reAuthenticateAction, loadSchema);
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="callbackUrl" value={callbackUrl} />
      <LoginName email={email} />
      <PasswordField
        form={form}
        name="password"
        label="Password"
        autoComplete="current-password"
        enterKeyHint="go"
        autoFocus={form.state.status === "idle"}
      />
      <SubmitButton form={form} busyLabel="Checking…">
        Go on
      </SubmitButton>
    </Form>
  );
}
