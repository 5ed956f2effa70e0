"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { changeUsernameAction } from "./actions";

type ChangeUsernameFormProps = {
  /** The one the account has. */
  username: string;
  /** The rule for usernames in words. */
  hint: string;
  /** What the site is called; no username may be that. */
  appName: string;
};

export function ChangeUsernameForm({ username, hint, appName }: ChangeUsernameFormProps) {
  const { form, formProps } = useActionForm(changeUsernameAction, () =>
    import("@/lib/shared/profile-schemas").then(({ changeUsernameSchemaFor }) =>
      changeUsernameSchemaFor(appName),
    ),
  );
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="username"
        label="New username"
        hint={hint}
        initialValue={username}
        autoComplete="nickname"
      />
      <SubmitButton form={form} look="quiet" busyLabel="Changing…">
        Change username
      </SubmitButton>
    </Form>
  );
}
