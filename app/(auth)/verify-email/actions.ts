"use server";

import { requestVerification, verifyEmail, verifyEmailByCode } from "@/lib/accounts/verify-email";
import { currentUser, runUserAction } from "@/lib/auth";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { canonical, verifyCodeSchema } from "@/lib/shared/schemas";
import { goTo, linkClosed, linkSpent, runAction, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Confirms the address that the link was sent to. */
export async function verifyEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    if (!(await verifyEmail(link.token, await clientInfo()))) return linkSpent(form);
    await clearOpenedLink(link);
    return goOn();
  });
}

/** Confirms an address by the code from its email, for someone logged in or not. */
export async function verifyCodeAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const input = verifyCodeSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await verifyEmailByCode(input.data, await clientInfo());
    if (outcome.ok) return goOn();
    if (outcome.reason === "throttled") return throttled(outcome.retryAfterSeconds, form);
    return failed("That code is wrong, or it no longer works. Use the link in the email instead.", form);
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

async function goOn(): Promise<ActionState> {
  await flash("email-verified");
  return goTo((await currentUser()) ? routes.home : routes.login);
}
