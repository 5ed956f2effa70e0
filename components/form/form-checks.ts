import { zodResolver } from "@hookform/resolvers/zod";
import { createFormControl } from "react-hook-form";
import type { z } from "zod";

/** A field's own input, as the browser and the server both read it. */
type Values = Record<string, unknown>;

/** What is wrong with each field, and who says so. */
export type FormErrors = Record<string, { type: string; message: string }>;

/** How a form is judged in the browser. */
export interface FormChecks {
  /** Tells of what happened at a field: it is checked once it was left, and from then on at each change. */
  note(happened: "change" | "blur", field: Pick<HTMLInputElement, "name" | "value">): Promise<void>;
  /** Checks a field whatever has happened at it. */
  check(name: string): Promise<void>;
  /** Takes over what the server says is wrong. */
  setErrors(errors: FormErrors): void;
  clearError(name: string): void;
  /** Checks everything: what is wrong, or null. */
  checkAll(): Promise<FormErrors | null>;
}

/**
 * Judges a form by its schema, through react-hook-form: a part of the script that comes when the form is first used.
 * @param readTyped reads what stands in the document now, which is all that is judged
 * @param onErrors told each time they change
 */
export function makeChecks(
  schema: z.ZodType<unknown, Values>,
  readTyped: () => Values,
  onErrors: (errors: FormErrors) => void,
): FormChecks {
  const judge = zodResolver(schema, undefined, { raw: true });
  const control = createFormControl<Values>({
    mode: "onTouched",
    reValidateMode: "onChange",
    shouldFocusError: false, // it knows no inputs, only what is told of them
    resolver: (_values, context, options) => judge(readTyped(), context, options),
  });
  control.subscribe({
    formState: { errors: true },
    callback: ({ errors }) => onErrors({ ...errors } as FormErrors), // it changes one and the same object
  });
  return {
    async note(happened, { name, value }) {
      const { onBlur, onChange } = control.register(name);
      await (happened === "blur" ? onBlur : onChange)({ type: happened, target: { name, value } });
    },
    async check(name) {
      control.register(name);
      await control.trigger(name);
    },
    setErrors(errors) {
      control.clearErrors();
      for (const [name, error] of Object.entries(errors)) control.setError(name, error);
    },
    clearError: (name) => control.clearErrors(name),
    async checkAll() {
      let found: FormErrors | null = null;
      const refuse = (errors: object) => {
        found = errors as FormErrors;
      };
      await control.handleSubmit(() => {}, refuse)();
      return found;
    },
  };
}
