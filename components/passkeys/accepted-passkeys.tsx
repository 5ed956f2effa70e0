"use client";

import { useEffect, useEffectEvent } from "react";

type AcceptedPasskeysProps = {
  rpId: string;
  /** What passkeys know the account by, and those that work; null: there is nothing to tell. It is read once. */
  accepted: { handle: string; ids: string[] } | null;
  /** The account as it is called now. */
  name: string;
  displayName: string;
};

/**
 * Tells the browser, where it listens, which passkeys of the account still work and what the account is called. Once, as the
 * page opens: drawn again while a passkey is being made, it would say that this one does not work.
 */
export function AcceptedPasskeys({ rpId, accepted, name, displayName }: AcceptedPasskeysProps) {
  const tell = useEffectEvent(() => {
    const { PublicKeyCredential: passkeys } = globalThis;
    if (!accepted) return;
    const { handle: userId, ids: allAcceptedCredentialIds } = accepted;
    passkeys?.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }).catch(() => {});
    passkeys?.signalCurrentUserDetails?.({ rpId, userId, name, displayName }).catch(() => {});
  });
  useEffect(() => tell(), []);
  return null;
}
