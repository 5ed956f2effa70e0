"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { LoginName } from "@/components/form/login-name";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { deleteAccountAction, deleteAccountWithoutPasswordAction } from "./actions";

type DeleteAccountFormProps = {
  user: { username: string; email: string };
  /** False for an account that has no password. */
  asksPassword: boolean;
};

export function DeleteAccountForm({ user, asksPassword }: DeleteAccountFormProps) {
  const { form, formProps } = useActionForm<"username" | "password">(
    asksPassword ? deleteAccountAction : deleteAccountWithoutPasswordAction,
    () =>
      import("@/lib/shared/schemas").then(({ deleteAccountSchema, deleteWithoutPasswordSchema }) =>
        asksPassword ? deleteAccountSchema : deleteWithoutPasswordSchema,
      ),
  );
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="username"
        label="Your username"
        hint={`To be sure that you mean it, type ${user.username} here.`}
        autoComplete="off"
      />
      <LoginName email={user.email} />
      {asksPassword && (
        <PasswordField
          form={form}
          name="password"
          label="Password"
          autoComplete="current-password"
          enterKeyHint="go"
        />
      )}
      <SubmitButton form={form} look="danger" busyLabel="Deleting…">
        Delete my account
      </SubmitButton>
    </Form>
  );
}
