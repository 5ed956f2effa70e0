"use server";

import { changeEmail } from "@/lib/accounts/change-email";
import { type ActionState, failed } from "@/lib/action-state";
import { attempt, goTo, linkSpent, readForm } from "@/lib/auth/action";
import { currentCaller } from "@/lib/auth/caller";
import { flash } from "@/lib/auth/flash";
import { currentUser } from "@/lib/auth/guards";
import { closeLink, openedLink } from "@/lib/auth/link";
import { routes } from "@/lib/routes";

/** Gives an account the address that the link in this browser was sent to; nobody is logged in by it. */
export async function changeEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    const outcome = await changeEmail(await openedLink(routes.changeEmail), await currentCaller());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(form);
        case "taken":
          return failed("That address belongs to another account by now. Yours keeps the one it has.", form);
      }
    await closeLink(routes.changeEmail);
    await flash("email-changed");
    return goTo((await currentUser()) ? routes.account : routes.login);
  });
}
