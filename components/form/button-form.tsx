"use client";

import type { ButtonLook } from "@/components/ui/button";
import { Form } from "./form";
import { FormMessage } from "./form-message";
import { SubmitButton } from "./submit-button";
import { useActionForm } from "./use-action-form";
import type { FormAction } from "./use-server-action";

type ButtonFormProps = {
  action: FormAction;
  look?: ButtonLook;
  label: string;
  busyLabel: string;
  /** Hidden fields, by name. */
  hidden?: Record<string, string>;
  /** The id of what it acts on, where several buttons of a page say the same. */
  describedBy?: string;
  className?: string;
};

/** A form that is one button: nothing to type, and still a POST. */
export function ButtonForm({
  action,
  look,
  label,
  busyLabel,
  hidden = {},
  describedBy,
  className = "",
}: ButtonFormProps) {
  const { form, formProps } = useActionForm(action);
  return (
    <Form {...formProps} className={`grid gap-5 ${className}`}>
      <FormMessage form={form} />
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <SubmitButton form={form} look={look} busyLabel={busyLabel} describedBy={describedBy}>
        {label}
      </SubmitButton>
    </Form>
  );
}
