import { Checkbox } from "@/components/ui/checkbox";
import type { ActionForm } from "./use-action-form";

type CheckboxFieldProps<Name extends string> = { form: ActionForm<Name>; name: Name; label: string };

/** A yes or no: posted as "on" when ticked, not at all when not. */
export function CheckboxField<Name extends string>({ form, name, label }: CheckboxFieldProps<Name>) {
  return (
    <label htmlFor={name} className="-my-2 flex min-h-11 w-fit cursor-pointer items-center gap-2.5">
      <Checkbox id={name} name={name} defaultChecked={form.typedIn(name) === "on"} />
      {label}
    </label>
  );
}
