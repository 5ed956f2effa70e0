"use client";

import { Field } from "@/components/form/field";
import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { requestEmailChangeAction } from "./actions";

const loadSchema = () =>
  import("@/lib/shared/schemas").then(({ requestEmailChangeSchema }) => requestEmailChangeSchema);

/** `emailMax` comes from the schema, by way of the page: importing it here would put zod into the page's own script. */
export function RequestEmailChangeForm({ emailMax }: { emailMax: number }) {
  const { form, formProps } = useActionForm(requestEmailChangeAction, loadSchema);
  return (
    <form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="email"
        label="New email"
        hint="We send an email with a link there, and one to your current address. Nothing changes until you follow the link."
        type="email"
        inputMode="email"
        autoComplete="email"
        maxLength={emailMax}
      />
      <PasswordField form={form} name="password" label="Current password" autoComplete="current-password" />
      <SubmitButton form={form} busyLabel="Sending…">
        Send the link
      </SubmitButton>
    </form>
  );
}
