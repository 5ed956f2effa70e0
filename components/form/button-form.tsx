"use client";

import { type FormEvent, type ReactNode, startTransition } from "react";
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
  /** Further fields, read where a script sends the form. */
  more?: () => Record<string, string>;
  /** The id of what it acts on, where several buttons of a page say the same. */
  describedBy?: string;
  className?: string;
  /** Above the button. */
  children?: ReactNode;
};

/** A form that is one button: nothing to type, and still a POST. */
export function ButtonForm({
  action,
  look,
  label,
  busyLabel,
  hidden = {},
  more,
  describedBy,
  className = "",
  children,
}: ButtonFormProps) {
  const { form, formProps } = useActionForm(action);

  function sendWith(more: () => Record<string, string>, event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (form.isBusy) return;
    const fields = new FormData(event.currentTarget);
    for (const [name, value] of Object.entries(more())) fields.set(name, value);
    startTransition(() => formProps.action(fields));
  }

  return (
    <Form
      {...formProps}
      onSubmit={more ? (event) => sendWith(more, event) : formProps.onSubmit}
      className={`grid gap-5 ${className}`}
    >
      <FormMessage form={form} />
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {children}
      <SubmitButton form={form} look={look} busyLabel={busyLabel} describedBy={describedBy}>
        {label}
      </SubmitButton>
    </Form>
  );
}
