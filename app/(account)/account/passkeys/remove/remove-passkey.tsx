import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import type { ShownPasskey } from "@/lib/accounts/passkeys/own-passkeys";
import { formatDay } from "@/lib/shared/moment";
import { removePasskeyPathFor } from "@/lib/shared/routes";
import { removePasskeyAction } from "../actions";

/** Tells the passkey by more than its name: whoever has had a session may have given it that. */
export function removalOf({ id, name, authenticator, createdAt, lastUsedAt }: ShownPasskey): Confirmation {
  const facts = [
    ...(authenticator !== null && authenticator !== name ? [authenticator] : []),
    `added on ${formatDay(createdAt)}`,
    lastUsedAt ? `last used on ${formatDay(lastUsedAt)}` : "never used yet",
  ];
  return {
    href: removePasskeyPathFor(id),
    title: "Remove this passkey?",
    text: `“${name}” (${facts.join(", ")}) does not log you in any more then. Your device may still list it: delete it there too.`,
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
