"use server";

import { notFound } from "next/navigation";
import { logInWithPasskey } from "@/lib/accounts/login/log-in-with-passkey";
import { pathAfter, refusedPasskey } from "@/lib/auth";
import { keepLogin } from "@/lib/auth/keep-login";
import { readSessionToken } from "@/lib/auth/session-cookie";
import { features } from "@/lib/platform/env";
import type { ActionState } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { PASSKEY_FIELD } from "@/lib/shared/passkeys";
import { returnPath } from "@/lib/shared/routes";
import { goTo, runAction } from "@/lib/web/action";
import { clientInfo } from "@/lib/web/request";

/**
 * Logs in with a passkey, by the button or by what the browser offers in the email field, and
 * leads to the page first asked for.
 */
export async function passkeyLoginAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    if (!features().passkeys) notFound();
    const answer = { json: fields[PASSKEY_FIELD], page: String(fields[PAGE_FIELDS.secret] ?? "") };
    const options = {
      isRemembered: fields.remember === "on",
      previousSessionToken: await readSessionToken(),
    };
    const outcome = await logInWithPasskey(answer, options, await clientInfo());
    if (outcome.ok) {
      await keepLogin(outcome);
      return goTo(pathAfter(outcome, returnPath(fields.callbackUrl)));
    }
    return refusedPasskey(outcome, form);
  });
}
