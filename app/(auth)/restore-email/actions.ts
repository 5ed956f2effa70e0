"use server";

import { restoreEmail } from "@/lib/accounts/change-email";
import { type ActionState, failed } from "@/lib/action-state";
import { attempt, goTo, linkSpent, readForm } from "@/lib/auth/action";
import { currentCaller } from "@/lib/auth/caller";
import { flash } from "@/lib/auth/flash";
import { closeLink, openedLink } from "@/lib/auth/link";
import { routes } from "@/lib/routes";

/** Takes the address back that the link in this browser was sent to, locks the account and starts its recovery. */
export async function restoreEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    const outcome = await restoreEmail(await openedLink(routes.restoreEmail), await currentCaller());
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
