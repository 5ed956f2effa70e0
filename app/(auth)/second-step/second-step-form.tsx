"use client";

import { CheckboxField } from "@/components/form/checkbox-field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { CodeField, RecoveryCodeField } from "@/components/two-factor/second-factor-fields";
import { TextLink } from "@/components/ui/text-link";
import { TRUSTED_BROWSER_DAYS } from "@/lib/shared/two-factor";
import { secondStepAction } from "./actions";

type SecondStepFormProps = {
  username: string;
  /** The page to go on to, a path on this site. */
  callbackUrl: string;
  byRecoveryCode: boolean;
  /** False: somebody logged in proves again who they are. */
  isLogin: boolean;
  /** This page with the one field, and with the other. */
  codePath: string;
  recoveryCodePath: string;
};

export function SecondStepForm({
  username,
  callbackUrl,
  byRecoveryCode,
  isLogin,
  codePath,
  recoveryCodePath,
}: SecondStepFormProps) {
  const { form, formProps } = useActionForm<"code" | "recoveryCode" | "trust">(secondStepAction, () =>
    import("@/lib/shared/two-factor-schemas").then(({ anyCodeFieldSchema, recoveryCodeFieldSchema }) =>
      byRecoveryCode ? recoveryCodeFieldSchema : anyCodeFieldSchema,
    ),
  );
  const isFresh = form.state.status === "idle";
  return (
    <Form {...formProps} className="grid gap-5">
      <p className="wrap-anywhere text-muted">
        {isLogin ? "To log in as" : "To confirm that you are"}{" "}
        <strong className="text-ink">{username}</strong>,{" "}
        {byRecoveryCode
          ? "type one of your recovery codes. Each works once."
          : "type the code that your authenticator app shows."}
      </p>
      <FormMessage form={form} />
      <input type="hidden" name="callbackUrl" value={callbackUrl} />
      {byRecoveryCode ? (
        <RecoveryCodeField form={form} name="recoveryCode" autoFocus={isFresh} />
      ) : (
        <CodeField form={form} name="code" autoFocus={isFresh} />
      )}
      {isLogin && (
        <CheckboxField
          form={form}
          name="trust"
          label={`Remember this browser for ${TRUSTED_BROWSER_DAYS} days: it is not asked for a code`}
        />
      )}
      <SubmitButton form={form} busyLabel="Checking…">
        {isLogin ? "Log in" : "Confirm"}
      </SubmitButton>
      <p className="text-small">
        {byRecoveryCode ? (
          <TextLink href={codePath}>Use a code from your app</TextLink>
        ) : (
          <TextLink href={recoveryCodePath}>No phone at hand? Use a recovery code</TextLink>
        )}
      </p>
    </Form>
  );
}
