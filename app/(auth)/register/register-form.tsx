"use client";

import { Field } from "@/components/form/field";
import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { StrengthMeter } from "@/components/form/strength-meter";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { registerAction } from "./actions";

/** From schema and configuration, by way of the page: importing the schema here would put zod into the page's own script. */
type Limits = {
  usernameMin: number;
  usernameMax: number;
  emailMax: number;
  passwordMin: number;
  passwordMaxBytes: number;
};

export function RegisterForm({ limits }: { limits: Limits }) {
  const { form, formProps } = useActionForm(registerAction, () =>
    import("@/lib/schemas").then(({ registerSchemaFor }) => registerSchemaFor(limits.passwordMin)),
  );
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="username"
        label="Username"
        // Not "username": a password manager would keep it as what to log in with, and that is the email.
        autoComplete="nickname"
        minLength={limits.usernameMin}
        maxLength={limits.usernameMax}
      />
      <Field
        form={form}
        name="email"
        label="Email"
        type="email"
        inputMode="email"
        autoComplete="email"
        maxLength={limits.emailMax}
      />
      <div>
        <PasswordField
          form={form}
          name="password"
          label="Password"
          // No maxLength: it would cut a pasted password short without a word.
          hint={`At least ${limits.passwordMin} characters. A few words in a row are easy to remember.`}
          autoComplete="new-password"
          minLength={limits.passwordMin}
          generatorMaxLength={limits.passwordMaxBytes}
          rechecks="confirmation"
        />
        <StrengthMeter form={form} name="password" minLength={limits.passwordMin} />
      </div>
      <PasswordField form={form} name="confirmation" label="Confirm password" autoComplete="new-password" />
      <SubmitButton form={form} busyLabel="Registering…">
        Register
      </SubmitButton>
    </form>
  );
}
