"use server";

import { endOtherSessions, endSession, forgetOwnBrowser } from "@/lib/accounts/own-sessions";
import { logOut, runUserAction } from "@/lib/auth";
import type { ActionState } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { listedRowSchema } from "@/lib/shared/schemas";
import { goTo } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/**
 * Ends one session of the person who asks; their own is a log-out. An id that is none of theirs gets the same answer as one
 * that is over (ASVS v5.0.0-7.5.2, 8.2.2).
 */
export async function endSessionAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("end-session", form, async (fields, _user, session) => {
    const input = listedRowSchema.safeParse(fields);
    if (input.success && input.data.id === session.id) {
      await logOut();
      await flash("logged-out");
      return goTo(routes.home);
    }
    const isEnded = input.success && (await endSession(session, input.data.id, await clientInfo()));
    await flash(isEnded ? "session-over" : "session-gone");
    return goTo(routes.accountSessions);
  });
}

/** Ends every session of the person who asks but this one. */
export async function endOtherSessionsAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("end-other-sessions", form, async (_fields, _user, session) => {
    const isAnyEnded = await endOtherSessions(session, await clientInfo());
    await flash(isAnyEnded ? "other-sessions-over" : "no-other-session");
    return goTo(routes.accountSessions);
  });
}

/** Makes the account forget one of its known browsers. */
export async function forgetBrowserAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("forget-browser", form, async (fields, _user, session) => {
    const input = listedRowSchema.safeParse(fields);
    const isForgotten = input.success && (await forgetOwnBrowser(session, input.data.id, await clientInfo()));
    await flash(isForgotten ? "browser-is-forgotten" : "browser-gone");
    return goTo(routes.accountSessions);
  });
}
