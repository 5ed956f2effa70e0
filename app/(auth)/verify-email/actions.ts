"use server";

import { requestVerification, verifyEmail, verifyEmailByCode } from "@/lib/accounts/verify-email";
import { currentUser, requireUser } from "@/lib/auth/guards";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { canonical, verifyCodeSchema } from "@/lib/shared/schemas";
import { attempt, goTo, linkSpent, readForm, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { closeLink, openedLink } from "@/lib/web/link-cookie";
import { clientInfo } from "@/lib/web/request";

/** Confirms the address that the link in this browser was sent to. */
export async function verifyEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    if (!(await verifyEmail(await openedLink(routes.verifyEmail), await clientInfo())))
      return linkSpent(form);
    await closeLink(routes.verifyEmail);
    return goOn();
  });
}

/** Confirms an address by the code from its letter, for someone logged in or not. */
export async function verifyCodeAction(_: ActionState, form: FormData): Promise<ActionState> {
  const input = verifyCodeSchema.safeParse(readForm(form));
  if (!input.success) return invalid(input.error, form);
  return attempt(form, async () => {
    if (!(await verifyEmailByCode(input.data, await clientInfo())))
      return failed(
        "That code does not fit, or it works no longer. Use the link in the letter instead.",
        form,
      );
    return goOn();
  });
}

/** Sends whoever is logged in another letter. */
export async function resendVerificationAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  const user = await requireUser();
  return attempt(form, async () => {
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
