"use client";

import { CheckboxField } from "@/components/form/checkbox-field";
import { EmailField } from "@/components/form/email-field";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { chooseUsernameAction } from "./actions";

type ChooseUsernameFormProps = {
  /** Names whom this page is made for. */
  arrival: string;
  /** The rule for usernames in words, and what the site is called. */
  usernameHint: string;
  appName: string;
  /** What the provider has said; empty where it has not. */
  username: string;
  email: string;
  /** False where the provider has shown that the address is theirs. */
  asksEmail: boolean;
  /** True where an account that was never confirmed is in use with their address. */
  asksTakeOver: boolean;
  /** The page to go to afterwards, a path on this site. */
  callbackUrl: string;
};

export function ChooseUsernameForm({
  arrival,
  usernameHint,
  appName,
  username,
  email,
  asksEmail,
  asksTakeOver,
  callbackUrl,
}: ChooseUsernameFormProps) {
  const { form, formProps } = useActionForm<"username" | "email" | "takesOver">(chooseUsernameAction, () =>
    asksEmail
      ? import("@/lib/shared/connection-schemas").then(({ chooseUsernameAndEmailSchemaFor }) =>
          chooseUsernameAndEmailSchemaFor(appName),
        )
      : import("@/lib/shared/profile-schemas").then(({ changeUsernameSchemaFor }) =>
          changeUsernameSchemaFor(appName),
        ),
  );
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="arrival" value={arrival} />
      <input type="hidden" name="callbackUrl" value={callbackUrl} />
      <Field
        form={form}
        name="username"
        label="Username"
        hint={usernameHint}
        initialValue={username}
        autoComplete="nickname"
      />
      {asksEmail && (
        <EmailField form={form} name="email" label="Email" initialValue={email} autoComplete="email" />
      )}
      {asksTakeOver && (
        <CheckboxField
          form={form}
          name="takesOver"
          label="Make that account mine, without its password and all else that was set in it"
        />
      )}
      <SubmitButton form={form} busyLabel="Registering…">
        Register
      </SubmitButton>
    </Form>
  );
}
