import { useState } from "react";
import { PasswordField } from "./password-field";
import { StrengthMeter } from "./strength-meter";
import type { ActionForm } from "./use-action-form";

/**
 * From configuration and schema, by way of the page: importing the schema here would put zod into the page's own script.
 */
export type PasswordRules = {
  /** Fewest characters. */
  passwordMinLength: number;
  passwordMaxBytes: number;
  /** What the site is called: too easy to guess as a password. */
  appName: string;
};

type NewPasswordFieldsProps = {
  form: ActionForm<"password" | "confirmation">;
  label: string;
  rules: PasswordRules;
};

const STRENGTH_ID = "password-strength";

/** The two fields for a new password, with a hint and a meter. */
export function NewPasswordFields({ form, label, rules }: NewPasswordFieldsProps) {
  const [isRefused, setRefused] = useState(false);
  return (
    <>
      <div>
        <PasswordField
          form={form}
          name="password"
          label={label}
          // No maxLength: it would cut a pasted password short without a word.
          autoComplete="new-password"
          minLength={rules.passwordMinLength}
          generatorMaxLength={rules.passwordMaxBytes}
          rechecks="confirmation"
          isRefused={isRefused}
          aria-describedby={STRENGTH_ID}
        />
        <StrengthMeter
          id={STRENGTH_ID}
          hint={`At least ${rules.passwordMinLength} characters. A few words in a row are easy to remember.`}
          form={form}
          name="password"
          rules={rules}
          onVerdict={setRefused}
        />
      </div>
      <PasswordField
        form={form}
        name="confirmation"
        label="Confirm password"
        autoComplete="new-password"
        enterKeyHint="go"
      />
    </>
  );
}
