"use client";

import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { SubmitButton } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import type { FormAction } from "@/components/form/use-server-action";
import { CodeField } from "./second-factor-fields";

type SetUpFormProps = {
  action: FormAction;
  /** Hidden fields, by name. */
  hidden?: Record<string, string>;
  label: string;
};

const loadSchema = () =>
  import("@/lib/shared/two-factor-schemas").then(({ codeFieldSchema }) => codeFieldSchema);

/** Takes the first code of an authenticator app, which shows that the app has the secret. */
export function SetUpForm({ action, hidden = {}, label }: SetUpFormProps) {
  const { form, formProps } = useActionForm<"code">(action, loadSchema);
  return (
    <Form {...formProps} className="mt-6 grid gap-5">
      <FormMessage form={form} />
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <CodeField form={form} name="code" />
      <SubmitButton form={form} busyLabel="Checking…">
        {label}
      </SubmitButton>
    </Form>
  );
}
