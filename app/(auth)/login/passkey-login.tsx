"use client";

import { PasskeyForm } from "@/components/passkeys/passkey-form";
import { askForLoginAction, passkeyLoginAction } from "./passkey-actions";

type PasskeyLoginProps = {
  /** Where passkeys work: this site's public address. */
  origin: string;
  /** The page to go to afterwards, a path on this site. */
  callbackUrl: string;
};

/** The other form of the page has the wish to be remembered, for both. */
function wishOfPage(): Record<string, string> {
  const remember = document.querySelector<HTMLInputElement>("input[name=remember]");
  return remember?.checked ? { remember: "on" } : {};
}

export function PasskeyLogin({ origin, callbackUrl }: PasskeyLoginProps) {
  return (
    <PasskeyForm
      kind="get"
      ask={askForLoginAction}
      action={passkeyLoginAction}
      origin={origin}
      hidden={{ callbackUrl }}
      more={wishOfPage}
      fillsIn="input[autocomplete~=username]"
      label="Use a passkey"
      busyLabel="Waiting for your passkey…"
      className="mt-3"
    />
  );
}
