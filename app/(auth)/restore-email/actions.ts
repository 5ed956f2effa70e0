"use server";

import { restoreEmail } from "@/lib/accounts/change-email";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { attempt, goTo, linkSpent, readForm } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { closeLink, openedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Takes the address back that the link in this browser was sent to, locks the account and starts its recovery. */
export async function restoreEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    const outcome = await restoreEmail(await openedLink(routes.restoreEmail), await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(form);
        case "taken":
          return failed("That address belongs to another account by now.", form);
      }
    await closeLink(routes.restoreEmail);
    await flash("email-restored");
    return goTo(routes.login);
  });
}
