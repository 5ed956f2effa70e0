"use server";

import { resetPassword } from "@/lib/accounts/reset-password";
import { requestVerification } from "@/lib/accounts/verification-email";
import { type Confirmed, verifyEmail, verifyEmailByCode } from "@/lib/accounts/verify-email";
import { currentAsker, currentUser, keepLogin, runUserAction } from "@/lib/auth";
import { flashOf } from "@/lib/auth/login-messages";
import { env } from "@/lib/platform/env";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import { flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import {
  canonical,
  resetPasswordSchemaFor,
  verifyCodeSchema,
  verifyCodeWithPasswordSchema,
} from "@/lib/shared/schemas";
import { goTo, linkClosed, linkSpent, notHolder, runAction, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { openLinkPath } from "@/lib/web/link-id";
import { clientInfo } from "@/lib/web/request";

/** Confirms the address that the link was sent to: with one press where the account is logged in, else with its password. */
export async function verifyEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const outcome = await verifyEmail(link.token, await currentAsker(fields.password), await clientInfo());
    if (!outcome.ok)
      return outcome.reason === "link-spent"
        ? linkSpent(form)
        : notHolder(outcome, form, openLinkPath("verify-email", link.id));
    await clearOpenedLink(link);
    return goOn(outcome);
  });
}

/**
 * The same for a person who does not know the password: with a new one, which ends everything that was set before. A
 * stranger may have registered with their address.
 */
export async function verifyByNewPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const input = resetPasswordSchemaFor(env().passwordMinLength).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const { password } = input.data;
    const outcome = await resetPassword(
      { token: link.token, password, purpose: "verify-email" },
      await clientInfo(),
    );
    if (!outcome.ok)
      switch (outcome.reason) {
        case "link-spent":
          return linkSpent(form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
      }
    await clearOpenedLink(link);
    await flash("email-verified-by-new-password");
    return goTo(routes.login);
  });
}

/** Confirms an address by the code from its email: of the account that is logged in, or of one whose password is typed too. */
export async function verifyCodeAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const user = await currentUser();
    const isOwn = user !== null && canonical(String(fields.email)) === canonical(user.email);
    // Drawn for someone logged in who is not any more, or has another address.
    if (!isOwn && fields.password === undefined) return goTo(routes.verifyEmail);
    const input = (isOwn ? verifyCodeSchema : verifyCodeWithPasswordSchema).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const asker = await currentAsker(fields.password);
    const outcome = await verifyEmailByCode(input.data, asker, await clientInfo());
    if (outcome.ok) return goOn(outcome);
    switch (outcome.reason) {
      case "refused":
        return failed(flashMessages["login-failed"].text, form);
      case "wrong-code":
        return failed("That code is wrong, or it no longer works. Use the link in the email instead.", form);
      default:
        return notHolder(outcome, form, routes.verifyEmail);
    }
  });
}

/** Sends the person who is logged in another email to confirm their address with. */
export async function resendVerificationAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction(form, async (_fields, user) => {
    if (user.isVerified) return goTo(routes.home);
    const addressee = { ...user, emailCanonical: canonical(user.email) };
    const outcome = await requestVerification(addressee, await clientInfo());
    if (!outcome.ok) return throttled(outcome.retryAfterSeconds, form);
    await flash("verification-sent");
    return goTo(routes.verifyEmail);
  });
}

/** Leads on from a confirmed address; the person who typed a password is logged in. */
async function goOn({ by, login }: Confirmed): Promise<ActionState> {
  await keepLogin(login);
  if (login && !login.ok) {
    await flash(login.reason === "locked" ? flashOf(login) : "email-verified");
    return goTo(routes.login);
  }
  await flash(login || by === "session" ? "email-verified" : "email-verified-of-another");
  return goTo(routes.home);
}
