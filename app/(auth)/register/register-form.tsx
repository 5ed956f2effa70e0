"use client";

import { Field } from "@/components/form/field";
import { FormMessage } from "@/components/form/form-message";
import { NewPasswordFields, type PasswordRules } from "@/components/form/new-password-fields";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { useCarriedEmail } from "@/components/form/use-carried-email";
import { registerAction } from "./actions";

/** From schema and configuration, by way of the page: importing the schema here would put zod into the page's own script. */
type Rules = PasswordRules & { usernameMin: number; usernameMax: number; emailMax: number };

export function RegisterForm({ rules }: { rules: Rules }) {
  const { form, formProps } = useActionForm(registerAction, () =>
    import("@/lib/shared/schemas").then(({ registerSchemaFor }) => registerSchemaFor(rules)),
  );
  useCarriedEmail(formProps.ref);
  return (
    <form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="username"
        label="Username"
        hint={`${rules.usernameMin} to ${rules.usernameMax} letters a–z, digits, dots, dashes or underscores.`}
        // Not "username": a password manager would keep it as what to log in with, and that is the email.
        autoComplete="nickname"
        minLength={rules.usernameMin}
        maxLength={rules.usernameMax}
      />
      <Field
        form={form}
        name="email"
        label="Email"
        type="email"
        inputMode="email"
        autoComplete="email"
        maxLength={rules.emailMax}
      />
      <NewPasswordFields form={form} label="Password" rules={rules} />
      <SubmitButton form={form} busyLabel="Registering…">
        Register
      </SubmitButton>
    </form>
  );
}
