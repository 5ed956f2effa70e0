import "server-only";
import { env, features } from "../../platform/env";

/** For whom passkeys are made: by the public address, and nothing that a request says. */
export function relyingParty(): { id: string; origin: string } {
  const { hostname, origin } = env().publicUrl;
  return { id: hostname, origin };
}

/** What a query asks of passkeys that work here now: this site takes passkeys, and they were made for its host. */
export function workingHere() {
  return { rpId: features().passkeys ? relyingParty().id : { in: [] } };
}

/** True for a passkey that was made for this site's host. */
export function isMadeForHere({ rpId }: { rpId: string }): boolean {
  return rpId === relyingParty().id;
}
