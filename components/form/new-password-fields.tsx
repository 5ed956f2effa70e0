import { PasswordField } from "./password-field";
import { StrengthMeter } from "./strength-meter";
import type { ActionForm } from "./use-action-form";

/** From configuration and schema, by way of the page: importing the schema here would put zod into the page's own script. */
export type PasswordLimits = { passwordMin: number; passwordMaxBytes: number };

type NewPasswordFieldsProps = {
  form: ActionForm<"password" | "confirmation">;
  label: string;
  limits: PasswordLimits;
};

/** How a password is chosen, wherever one is: with what makes a good one, a meter, and once more. */
export function NewPasswordFields({ form, label, limits }: NewPasswordFieldsProps) {
  return (
    <>
      <div>
        <PasswordField
          form={form}
          name="password"
          label={label}
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
    </>
  );
}
