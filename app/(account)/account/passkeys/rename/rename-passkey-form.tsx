"use client";

import { Field } from "@/components/form/field";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { renamePasskeyAction } from "../actions";

const loadSchema = () =>
  import("@/lib/shared/passkey-schemas").then(({ renamePasskeySchema }) => renamePasskeySchema);

export function RenamePasskeyForm({ id, name }: { id: string; name: string }) {
  const { form, formProps } = useActionForm<"name" | "id">(renamePasskeyAction, loadSchema);
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      <input type="hidden" name="id" value={id} />
      <Field
        form={form}
        name="name"
        label="Name"
        initialValue={name}
        autoComplete="off"
        enterKeyHint="done"
      />
      <SubmitButton form={form} busyLabel="Renaming…">
        Rename
      </SubmitButton>
    </Form>
  );
}
