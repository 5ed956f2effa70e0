"use server";

import { keepAccount } from "@/lib/accounts/delete-account";
import { currentLeavingSession, logOut, runLeaverAction } from "@/lib/auth";
import { readOwnToken, writeSessionCookie } from "@/lib/auth/session-cookie";
import type { ActionState } from "@/lib/shared/action-state";
import { returnPath, routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { goTo, runAction } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Keeps the account, and goes on to the page first asked for. */
export async function keepAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runLeaverAction("keep-account", form, async (fields, session) => {
    const path = returnPath(fields.callbackUrl);
    const kept = await keepAccount(session, (await readOwnToken()) ?? "", await clientInfo());
    if (!kept) return goTo(sessionEndedPathFor(path));
    await writeSessionCookie(kept.session, kept.browserToken);
    await flash("account-kept");
    return goTo(path);
  });
}

/** Leaves the account to be deleted. Ends whatever session the browser has, as every log-out does. */
export async function leaveAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async () => {
    const isLeaving = (await currentLeavingSession()) !== null;
    await logOut();
    await flash(isLeaving ? "deletion-goes-on" : "logged-out");
    return goTo(routes.home);
  });
}
