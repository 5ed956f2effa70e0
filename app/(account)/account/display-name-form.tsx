"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { DISPLAY_NAME_MAX } from "@/lib/shared/limits";
import { changeDisplayNameAction } from "./actions";

const loadSchema = () =>
  import("@/lib/shared/profile-schemas").then(({ displayNameSchema }) => displayNameSchema);

/** `name`: the one they have; null: none. */
export function DisplayNameForm({ name }: { name: string | null }) {
  const { form, formProps } = useActionForm(changeDisplayNameAction, loadSchema);
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <Field
        form={form}
        name="displayName"
        label="Display name"
        hint={`Up to ${DISPLAY_NAME_MAX} characters, in any script. Leave it empty to be called by your username.`}
        initialValue={name ?? ""}
        required={false}
        autoCapitalize="words"
        autoComplete="name"
      />
      <SubmitButton form={form} look="quiet" busyLabel="Saving…">
        Save display name
      </SubmitButton>
    </Form>
  );
}
