"use client";

import { EmailField } from "@/components/form/email-field";
import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { PasswordField } from "@/components/form/password-field";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { correctEmailAction } from "./actions";

/** `isVouched`: a provider vouches for whose account it is, and there is no password to type. */
export function CorrectEmailForm({ isVouched }: { isVouched: boolean }) {
  const { form, formProps } = useActionForm<"account" | "password" | "email">(correctEmailAction, () =>
    import("@/lib/shared/schemas").then(({ correctEmailSchema, correctVouchedEmailSchema }) =>
      isVouched ? correctVouchedEmailSchema : correctEmailSchema,
    ),
  );
  return (
    <Form {...formProps} className="grid gap-5">
      <FormMessage form={form} />
      {!isVouched && (
        <>
          <Field
            form={form}
            name="account"
            label="Username"
            hint="Or the email address you registered with."
            // Not "username": a password manager would keep it as what to log in with, and that is the email.
            autoComplete="nickname"
          />
          <PasswordField form={form} name="password" label="Password" autoComplete="current-password" />
        </>
      )}
      <EmailField
        form={form}
        name="email"
        label="Right email"
        hint="We send an email with a link and a code there. Those we sent before stop working."
        autoComplete="email"
      />
      <SubmitButton form={form} busyLabel="Sending…">
        Send the email
      </SubmitButton>
    </Form>
  );
}
