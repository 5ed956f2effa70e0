"use server";

import { beginJourney } from "@/lib/auth/providers/begin";
import type { ActionState } from "@/lib/shared/action-state";
import { returnPath } from "@/lib/shared/routes";
import { runAction } from "@/lib/web/action";

/** Leads a visitor to a provider, to log in or register there. What they asked for and whether to be remembered goes along. */
export async function providerLoginAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async ({ provider, callbackUrl, remember }) =>
    beginJourney(
      provider,
      {
        purpose: "log-in",
        path: returnPath(callbackUrl),
        isRemembered: remember === "on",
        sessionId: null,
      },
      form,
    ),
  );
}
