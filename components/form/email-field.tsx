import { Field, type FieldProps } from "./field";

type EmailFieldProps<Name extends string> = Omit<FieldProps<Name>, "type" | "inputMode">;

/**
 * An email address. As text: of `type="email"` some browsers send `bücher.example` in another form than it was typed in, and
 * take out what they do not show. What was typed reaches the server, whatever the browser, and can be shown again.
 */
export function EmailField<Name extends string>(props: EmailFieldProps<Name>) {
  return <Field inputMode="email" {...props} />;
}
