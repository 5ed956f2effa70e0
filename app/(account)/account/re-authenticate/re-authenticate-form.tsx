"use client";

import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { LoginName } from "@/components/form/login-name";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { CodeField, RecoveryCodeField } from "@/components/two-factor/second-factor-fields";
import { TextLink } from "@/components/ui/text-link";
import { reAuthenticateAction } from "./actions";

const loadSchema = () =>
  import("@/lib/shared/schemas").then(({ reAuthenticateSchema }) => reAuthenticateSchema);

const loadWith = (field: "code" | "recoveryCode") => () =>
  import("@/lib/shared/two-factor-schemas").then(
    ({ reAuthenticateWithCodeSchema, reAuthenticateWithRecoveryCodeSchema }) =>
      field === "code" ? reAuthenticateWithCodeSchema : reAuthenticateWithRecoveryCodeSchema,
  );

type ReAuthenticateFormProps = {
  /** What the account logs in with. */
  email: string;
  /** The page to go on to, a path on this site. */
  callbackUrl: string;
  /** Which field it has for a second factor; null: the account has none. */
  secondFactor: "code" | "recoveryCode" | null;
  /** This page with the one field, and with the other. */
  codePath: string;
  recoveryCodePath: string;
};

export function ReAuthenticateForm({
  email,
  callbackUrl,
  secondFactor,
  codePath,
  recoveryCodePath,
}: ReAuthenticateFormProps) {
  const { form, formProps } = useActionForm<"password" | "code" | "recoveryCode">(
    reAuthenticateAction,
    secondFactor === null ? loadSchema : loadWith(secondFactor),
  );
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
        enterKeyHint={secondFactor === null ? "go" : "next"}
        autoFocus={form.state.status === "idle"}
      />
      {secondFactor === "code" && <CodeField form={form} name="code" />}
      {secondFactor === "recoveryCode" && <RecoveryCodeField form={form} name="recoveryCode" />}
      <SubmitButton form={form} busyLabel="Checking…">
        Go on
      </SubmitButton>
      {secondFactor !== null && (
        <p className="text-small">
          {secondFactor === "code" ? (
            <TextLink href={recoveryCodePath}>No phone at hand? Use a recovery code</TextLink>
          ) : (
            <TextLink href={codePath}>Use a code from your app</TextLink>
          )}
        </p>
      )}
    </Form>
  );
}
