import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { routes } from "@/lib/shared/routes";
import { removeAuthenticatorAction } from "../actions";

export const REMOVE_APP: Confirmation = {
  href: routes.accountRemoveAuthenticator,
  title: "Remove the authenticator app?",
  text: "A login takes your password alone then, and your recovery codes are gone.",
};

export function RemoveAppForm() {
  return (
    <ButtonForm
      action={removeAuthenticatorAction}
      look="danger"
      label="Remove the app"
      busyLabel="Removing…"
    />
  );
}
