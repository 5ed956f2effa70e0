"use server";

import { lockAccount } from "@/lib/accounts/lock-account";
import type { ActionState } from "@/lib/action-state";
import { attempt, goTo, linkSpent, readForm } from "@/lib/auth/action";
import { currentCaller } from "@/lib/auth/caller";
import { flash } from "@/lib/auth/flash";
import { closeLink, openedLink } from "@/lib/auth/link";
import { routes } from "@/lib/routes";

/** Locks the account of whoever got a notice about something they did not do, and starts its recovery. */
export async function lockAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    if (!(await lockAccount(await openedLink(routes.lockAccount), await currentCaller())))
      return linkSpent(form);
    await closeLink(routes.lockAccount);
    await flash("account-locked");
    return goTo(routes.login);
  });
}
