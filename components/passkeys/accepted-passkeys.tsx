"use client";

import { useEffect } from "react";

type AcceptedPasskeysProps = {
  rpId: string;
  /** What passkeys know the account by. */
  userId: string;
  /** Those that work. */
  ids: string[];
  /** The account as it is called now. */
  name: string;
  displayName: string;
};

/** Tells the browser, where it listens, which passkeys of the account still work and what the account is called. */
export function AcceptedPasskeys({ rpId, userId, ids, name, displayName }: AcceptedPasskeysProps) {
  const listed = ids.join(" ");
  useEffect(() => {
    const { PublicKeyCredential: passkeys } = globalThis;
    const allAcceptedCredentialIds = listed.split(" ").filter((id) => id !== "");
    passkeys?.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }).catch(() => {});
    passkeys?.signalCurrentUserDetails?.({ rpId, userId, name, displayName }).catch(() => {});
  }, [rpId, userId, listed, name, displayName]);
  return null;
}
