"use server";

import { lockAccount } from "@/lib/accounts/lock-account";
import type { ActionState } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { attempt, goTo, linkSpent, readForm } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { closeLink, openedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Locks the account of whoever got a notice about something they did not do, and starts its recovery. */
export async function lockAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    if (!(await lockAccount(await openedLink(routes.lockAccount), await clientInfo())))
      return linkSpent(form);
    await closeLink(routes.lockAccount);
    await flash("account-locked");
    return goTo(routes.login);
  });
}
