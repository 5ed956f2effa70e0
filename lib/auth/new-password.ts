import "server-only";
import { resetPassword } from "../accounts/reset-password";
import type { WaysLeft } from "../accounts/ways-left";
import { env } from "../platform/env";
import { logError } from "../platform/log";
import { type ActionState, invalid, invalidFields } from "../shared/action-state";
import { PASSWORD_MAX_BYTES } from "../shared/canonical";
import type { FlashKey } from "../shared/flash-messages";
import { loginPathFor, routes } from "../shared/routes";
import { resetPasswordSchemaFor } from "../shared/schemas";
import { goTo, linkClosed, linkSpent, runActionOnce } from "../web/action";
import { flash } from "../web/flash";
import { clearOpenedLink, findOpenedLink } from "../web/link-cookie";
import { clientInfo } from "../web/request";
import { dropAllTyped } from "./kept-form";

/** What a form for a new password has to know of the settings, for its page to hand down. */
export function newPasswordRules() {
  const { passwordMinLength, appName } = env();
  return { passwordMinLength, passwordMaxBytes: PASSWORD_MAX_BYTES, appName };
}

/** Runs an action that sets a new password by an emailed link, and asks for the login then. */
export async function runNewPasswordAction(
  purpose: "reset-password" | "verify-email",
  form: FormData,
  said: FlashKey,
): Promise<ActionState> {
  return runActionOnce(purpose, form, async (fields) => {
    const input = resetPasswordSchemaFor(env().passwordMinLength).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const { password } = input.data;
    const outcome = await resetPassword({ token: link.token, password, purpose }, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(purpose, form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
      }
    await clearOpenedLink(link);
    if (!outcome.wasConfirmed) await dropAllTyped().catch(logError);
    // What the account still has is on the page after the login: a thief may have added it.
    const left = describeLeft(outcome);
    if (left) {
      await flash(left.said);
      return goTo(loginPathFor(left.page));
    }
    await flash(outcome.isKept ? "password-reset-and-kept" : said);
    return goTo(routes.login);
  });
}

/** The message about what a new password does not end, and the page of what logs in with the least; null: there is nothing. */
function describeLeft(left: WaysLeft): { said: FlashKey; page: string } | null {
  const { hasSecondFactor, hasPasskeys, hasConnections } = left;
  if (hasConnections) {
    const among = hasPasskeys ? "ways-in" : "connections";
    const said: FlashKey = hasSecondFactor
      ? `password-reset-but-factors-and-${among}`
      : `password-reset-but-${among}`;
    return { said, page: routes.accountConnections };
  }
  if (hasPasskeys) {
    const said = hasSecondFactor ? "password-reset-but-factors" : "password-reset-but-passkeys";
    return { said, page: routes.accountPasskeys };
  }
  return hasSecondFactor ? { said: "password-reset-but-second-factor", page: routes.accountTwoFactor } : null;
}
