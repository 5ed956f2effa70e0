import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { removePasskeyPathFor } from "@/lib/shared/routes";
import { removePasskeyAction } from "../actions";

export function removalOf({ id, name }: { id: string; name: string }): Confirmation {
  return {
    href: removePasskeyPathFor(id),
    title: "Remove this passkey?",
    text: `“${name}” does not log you in any more then. Your device may still list it: delete it there too.`,
  };
}

export function RemovePasskeyForm({ id }: { id: string }) {
  return (
    <ButtonForm
      action={removePasskeyAction}
      hidden={{ id }}
      look="danger"
      label="Remove the passkey"
      busyLabel="Removing…"
    />
  );
}
