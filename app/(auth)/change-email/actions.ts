"use server";

import { changeEmail } from "@/lib/accounts/change-email";
import { currentAsker } from "@/lib/auth";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { goTo, linkClosed, linkSpent, notHolder, runAction } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { openLinkPath } from "@/lib/web/link-id";
import { clientInfo } from "@/lib/web/request";

/** Gives an account the address that its link was sent to. Logs no one in. */
export async function changeEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const asker = await currentAsker(fields.password);
    const outcome = await changeEmail(link.token, asker, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(form);
        case "taken":
          return failed("That address belongs to another account by now. Yours keeps the one it has.", form);
        default:
          return notHolder(outcome, form, openLinkPath("change-email", link.id));
      }
    await clearOpenedLink(link);
    await flash("email-changed");
    return goTo(asker.userId !== null ? routes.account : routes.login);
  });
}
