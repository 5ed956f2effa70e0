"use server";

import { changeEmail } from "@/lib/accounts/change-email";
import { answerHolder, currentAsker } from "@/lib/auth";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { linkClosed, linkSpent, notHolder, runActionOnce } from "@/lib/web/action";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { openLinkPath } from "@/lib/web/link-id";
import { clientInfo } from "@/lib/web/request";

/** Gives an account the address that its link was sent to; a typed password logs in. */
export async function changeEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("change-email", form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const asker = await currentAsker(fields.password);
    const outcome = await changeEmail(link.token, asker, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent("change-email", form);
        case "taken":
          return failed("That address belongs to another account by now. Yours keeps the one it has.", form);
        default:
          return notHolder(outcome, form, openLinkPath("change-email", link.id));
      }
    await clearOpenedLink(link);
    return answerHolder(
      outcome,
      { own: "email-changed", ofAnother: "email-changed-of-another" },
      routes.account,
    );
  });
}
