import { Field } from "@/components/form/field";
import type { ActionForm } from "@/components/form/use-action-form";

type FieldProps<Name extends string> = { form: ActionForm<Name>; name: Name; autoFocus?: boolean };

/** The code that an authenticator app shows. Phones and password managers that keep such apps fill it in. */
export function CodeField<Name extends string>(props: FieldProps<Name>) {
  return (
    <Field
      {...props}
      label="Code"
      hint="Six digits, from your authenticator app."
      inputMode="numeric"
      autoComplete="one-time-code"
      enterKeyHint="done"
      className="max-w-40 font-mono tabular-nums tracking-widest"
    />
  );
}

/** One of the codes that its owner has written down or saved. */
export function RecoveryCodeField<Name extends string>(props: FieldProps<Name>) {
  return (
    <Field
      {...props}
      label="Recovery code"
      hint="24 letters and digits. Dashes and capital letters make no difference."
      autoComplete="off"
      enterKeyHint="done"
      className="font-mono"
    />
  );
}
