"use server";

import { endOtherSessions, endSession, forgetOwnBrowser } from "@/lib/accounts/own-sessions";
import { hasRecentProof, logOut, runUserActionAgain } from "@/lib/auth";
import type { LiveSession, SessionUser } from "@/lib/security/sessions";
import type { ActionState } from "@/lib/shared/action-state";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { reAuthenticatePathFor, routes } from "@/lib/shared/routes";
import { listedRowSchema } from "@/lib/shared/schemas";
import { type Fields, goTo } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/**
 * Ends one session of the person who asks; their own is a log-out. An id that is none of theirs gets the same answer as one
 * that is over (ASVS v5.0.0-7.5.2, 8.2.2).
 */
export async function endSessionAction(_: ActionState, form: FormData): Promise<ActionState> {
  const end = async (fields: Fields, session: LiveSession) => {
    const input = listedRowSchema.safeParse(fields);
    if (input.success && input.data.id === session.id) {
      await logOut();
      await flash("logged-out");
      return goTo(routes.home);
    }
    const isEnded = input.success && (await endSession(session, input.data.id, await clientInfo()));
    return isEnded ? backToList("session-over") : null;
  };
  return runUserActionAgain("end-session", form, end, () => backToList("session-gone"));
}

/** Ends every session of the person who asks but this one. */
export async function endOtherSessionsAction(_: ActionState, form: FormData): Promise<ActionState> {
  const end = async (_fields: Fields, session: LiveSession) =>
    (await endOtherSessions(session, await clientInfo())) ? backToList("other-sessions-over") : null;
  return runUserActionAgain("end-other-sessions", form, end, () => backToList("no-other-session"));
}

/**
 * Makes the account forget one of its known browsers. A borrowed browser must not do it: the owner's would wait with
 * strangers then, whom wrong passwords can shut out (ASVS v5.0.0-7.5.1).
 */
export async function forgetBrowserAction(_: ActionState, form: FormData): Promise<ActionState> {
  const forget = async (fields: Fields, session: LiveSession) => {
    const input = listedRowSchema.safeParse(fields);
    const isForgotten = input.success && (await forgetOwnBrowser(session, input.data.id, await clientInfo()));
    return isForgotten ? backToList("browser-is-forgotten") : null;
  };
  const proveFirst = async (_user: SessionUser, session: LiveSession) =>
    (await hasRecentProof(session)) ? null : goTo(reAuthenticatePathFor(routes.accountSessions));
  return runUserActionAgain("forget-browser", form, forget, () => backToList("browser-gone"), proveFirst);
}

async function backToList(said: FlashKey): Promise<ActionState> {
  await flash(said);
  return goTo(routes.accountSessions);
}
