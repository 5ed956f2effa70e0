"use server";

import { lockAccount } from "@/lib/accounts/lock-account";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { goTo, linkClosed, linkSpent, runActionOnce } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Locks the account of the owner who got a security alert about something they did not do, and starts its recovery. */
export async function lockAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("lock-account", form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const outcome = await lockAccount(link.token, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent("lock-account", form);
        case "taken":
          return failed("That address belongs to another account by now.", form);
      }
    await clearOpenedLink(link);
    await flash(outcome.isAddressBack ? "email-restored" : "account-locked");
    return goTo(routes.login);
  });
}
