"use server";

import { notFound } from "next/navigation";
import { lockOwnAccount } from "@/lib/accounts/lock-account";
import { logOut, runUserActionAgain } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import type { LiveSession } from "@/lib/security/sessions";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { reAuthenticatePathFor, routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { type Fields, goTo } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/**
 * Locks the account of the person who asks, and starts its recovery by email. Where it gets a former address back by that, or
 * loses its passkeys or connections, a borrowed browser must not do it (ASVS v5.0.0-7.5.1): who cannot give the proof can lock it and
 * no more, while its address has not been moved.
 */
export async function lockOwnAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  const lock = async ({ extent }: Fields, session: LiveSession) => {
    if (!features().mail) notFound();
    const outcome = await lockOwnAccount(session, await clientInfo(), extent === "lock" ? "lock" : "all");
    if (!outcome.ok)
      switch (outcome.reason) {
        case "session-over":
          return null;
        case "proof-needed":
          // The page says what else there is, now that it is more than a lock.
          return goTo(extent === "lock" ? routes.accountNotMe : reAuthenticatePathFor(routes.accountNotMe));
        case "unconfirmed":
          return failed("Nothing was done: your email address has to be confirmed first.", form);
        case "taken":
          return failed("Your former address belongs to another account by now.", form);
      }
    await logOut();
    await flash(outcome.isAddressBack ? "email-restored" : "account-locked");
    return goTo(routes.login);
  };
  return runUserActionAgain("lock-own-account", form, lock, async () =>
    goTo(sessionEndedPathFor(routes.accountNotMe)),
  );
}
