"use server";

import { changeEmail } from "@/lib/accounts/change-email";
import { currentUser } from "@/lib/auth/guards";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { attempt, goTo, linkSpent, readForm } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { closeLink, openedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Gives an account the address that the link in this browser was sent to; nobody is logged in by it. */
export async function changeEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    const outcome = await changeEmail(await openedLink(routes.changeEmail), await clientInfo());
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
