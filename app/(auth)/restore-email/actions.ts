"use server";

import { restoreEmail } from "@/lib/accounts/change-email";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { goTo, linkClosed, linkSpent, runActionOnce } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Takes back the address that the link was sent to, locks the account and starts its recovery. */
export async function restoreEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("restore-email", form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const outcome = await restoreEmail(link.token, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent("restore-email", form);
        case "taken":
          return failed("That address belongs to another account by now.", form);
      }
    await clearOpenedLink(link);
    await flash("email-restored");
    return goTo(routes.login);
  });
}
