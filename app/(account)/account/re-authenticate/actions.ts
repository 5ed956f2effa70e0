"use server";

import { hasSecondFactor } from "@/lib/accounts/two-factor/factors";
import { proveAgain, runUserAction } from "@/lib/auth";
import { parseSecondFactor } from "@/lib/auth/two-factor/messages";
import { type ActionState, invalid } from "@/lib/shared/action-state";
import { returnPath } from "@/lib/shared/routes";
import { reAuthenticateSchema } from "@/lib/shared/schemas";
import { goTo } from "@/lib/web/action";

/**
 * Takes the password, and a second factor where the account has one, as a new proof of who is logged in, and goes on to the
 * page that asked for it (ASVS v5.0.0-7.5.1).
 */
export async function reAuthenticateAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("re-authenticate", form, async (fields, user, session) => {
    const input = reAuthenticateSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    // A page from before it was set up has no field for it: `proveAgain` leads to one that has.
    const hasField = form.has("code") || form.has("recoveryCode");
    const second = hasField && (await hasSecondFactor(user.id)) ? parseSecondFactor(fields, form) : null;
    if (second && !second.success) return invalid(second.error, form);
    const shown = { password: input.data.password, ...(second && { secondFactor: second.data }) };
    return (await proveAgain(session, shown, "password", form)) ?? goTo(returnPath(fields.callbackUrl));
  });
}
