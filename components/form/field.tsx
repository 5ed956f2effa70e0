import type { ComponentProps, ReactNode } from "react";
import { FieldError } from "@/components/ui/field-error";
import { Hint, Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import type { ActionForm } from "./use-action-form";

export type FieldProps<Name extends string> = Omit<
  ComponentProps<"input">,
  "form" | "name" | "defaultValue"
> & {
  form: ActionForm<Name>;
  name: Name;
  label: string;
  /** What to know before typing. */
  hint?: string;
  /** A field whose rule reads this one, such as the confirmation of a password. */
  rechecks?: Name;
  /** What stands after the input in the order of reading and at the end of the label's line to the eye. */
  aside?: ReactNode;
};

/** Label, input, hint and error, tied together for eye and ear alike. */
export function Field<Name extends string>({
  form,
  name,
  label,
  hint,
  rechecks,
  aside,
  ...input
}: FieldProps<Name>) {
  const error = form.errorOf(name);
  const hintId = hint && `${name}-hint`;
  const errorId = error && `${name}-error`;
  return (
    <div className="grid grid-cols-[1fr_auto] items-center gap-y-1.5">
      <Label htmlFor={name}>{label}</Label>
      <div className="col-span-2 row-start-2">
        <Input
          id={name}
          required
          spellCheck={false}
          autoCapitalize="none"
          autoCorrect="off"
          defaultValue={form.typedIn(name)}
          aria-invalid={error ? true : undefined}
          aria-describedby={[errorId, hintId].filter(Boolean).join(" ") || undefined}
          // Works on the server's own page alone: there every wrong field asks and the browser takes the first.
          autoFocus={Boolean(error)}
          {...input}
          {...form.register(name, rechecks)}
        />
      </div>
      {aside}
      {(hint || error) && (
        <div className="col-span-2 row-start-3 grid gap-1">
          {error && errorId && <FieldError id={errorId}>{error}</FieldError>}
          {hint && <Hint id={hintId}>{hint}</Hint>}
        </div>
      )}
    </div>
  );
}
