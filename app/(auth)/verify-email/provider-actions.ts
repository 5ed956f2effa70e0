"use server";

import { findLink } from "@/lib/accounts/emailed-links";
import { beginJourney } from "@/lib/auth/providers/begin";
import type { ActionState } from "@/lib/shared/action-state";
import { linkClosed, linkSpent, runAction } from "@/lib/web/action";
import { findOpenedLink } from "@/lib/web/link-cookie";
import { openLinkPath } from "@/lib/web/link-id";

/** Leads to the provider of an account without a password: who logs in there can use the link in this browser. */
export async function showWithProviderAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const owner = await findLink("verify-email", link.token);
    if (!owner) return linkSpent("verify-email", form);
    const path = openLinkPath("verify-email", link.id);
    return beginJourney(
      fields.provider,
      { purpose: "confirm", path, isRemembered: false, sessionId: null, ownerId: owner.id },
      form,
    );
  });
}
