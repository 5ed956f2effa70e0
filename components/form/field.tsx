import type { ComponentProps, ReactNode } from "react";
import { FieldError } from "@/components/ui/field-error";
import { Hint, Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { WaysOut } from "@/components/ways-out";
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
  /** True where something else than its error says that what stands in it will not be taken. */
  isRefused?: boolean;
  /** What stands in it at first. */
  initialValue?: string;
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
  initialValue,
  rechecks,
  aside,
  autoFocus = false,
  isRefused = false,
  "aria-describedby": describedBy,
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
          defaultValue={form.typedIn(name) ?? initialValue}
          aria-invalid={error || isRefused ? true : undefined}
          enterKeyHint="next"
          aria-describedby={[errorId, hintId, describedBy].filter(Boolean).join(" ") || undefined}
          // Works on the server's own page alone: there every wrong field asks and the browser takes the first.
          autoFocus={Boolean(error) || autoFocus}
          {...input}
          {...form.register(name, rechecks)}
        />
      </div>
      {aside}
      <div className={`col-span-2 row-start-3 ${error || hint ? "" : "-mt-1.5"}`}>
        {/* Here before its words, so that a screen reader speaks them when the field is left. */}
        <div aria-live="polite" className="[&:not(:empty,:last-child)]:pb-1">
          {error && errorId && (
            <FieldError id={errorId}>
              {/* An element of its own: a translated page has other text nodes than React's. */}
              <span>{error}</span>
              <WaysOut ways={form.waysOutOf(name)} />
            </FieldError>
          )}
        </div>
        {hint && <Hint id={hintId}>{hint}</Hint>}
      </div>
    </div>
  );
}
