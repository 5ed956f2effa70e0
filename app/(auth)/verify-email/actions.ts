"use server";

import { requestVerification } from "@/lib/accounts/verification-email";
import { verifyEmail, verifyEmailByCode } from "@/lib/accounts/verify-email";
import { answerHolder, currentAsker, currentUser, currentVouched, runUserAction } from "@/lib/auth";
import { runNewPasswordAction } from "@/lib/auth/new-password";
import { type ActionState, failed, invalid, invalidFields } from "@/lib/shared/action-state";
import { canonical } from "@/lib/shared/canonical";
import { flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { verifyCodeSchema, verifyCodeWithPasswordSchema } from "@/lib/shared/schemas";
import { goTo, linkClosed, linkSpent, notHolder, runActionOnce, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clearOpenedLink, findOpenedLink } from "@/lib/web/link-cookie";
import { openLinkPath } from "@/lib/web/link-id";
import { clientInfo } from "@/lib/web/request";

const SAID = { own: "email-verified", ofAnother: "email-verified-of-another" } as const;

/** Beside a long wait: the links below either form. */
const CHOOSE_A_NEW_ONE = "A new password ends the wait: follow “Choose a new one” below.";
const ASK_FOR_A_NEW_ONE = "A new password ends the wait: follow “ask for a new one” below.";

const WRONG_CODE = "That code is wrong or has expired.";
const WRONG_CODE_OF_OWN = `${WRONG_CODE} Use the link in the email, or send another one below.`;
const LOG_IN_FOR_ANOTHER = { href: routes.login, label: "Log in for another email" };

/** Confirms the address that the link was sent to: with one press where the account is logged in, else with its password. */
export async function verifyEmailAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("verify-email-by-link", form, async (fields) => {
    const link = await findOpenedLink(fields.link);
    if (!link) return linkClosed(form);
    const outcome = await verifyEmail(link.token, await currentAsker(fields.password), await clientInfo());
    if (!outcome.ok)
      return outcome.reason === "link-spent"
        ? linkSpent("verify-email", form)
        : notHolder(outcome, form, openLinkPath("verify-email", link.id), CHOOSE_A_NEW_ONE);
    await clearOpenedLink(link);
    return answerHolder(outcome, SAID, routes.home);
  });
}

/**
 * The same for a person who does not know the password: with a new one, which ends everything that was set before. A
 * stranger may have registered with their address.
 */
export async function verifyByNewPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runNewPasswordAction("verify-email", form, "email-verified-by-new-password");
}

/** Confirms an address by the code from its email: of the account that is logged in, or of one whose password is typed too. */
export async function verifyCodeAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("verify-email-by-code", form, async (fields) => {
    const user = await currentUser();
    const holder = user ?? (await currentVouched());
    const isOwn = holder !== null && canonical(String(fields.email)) === canonical(holder.email);
    // Drawn for someone logged in, or vouched for by a provider, who is not any more, or has another address.
    if (!isOwn && fields.password === undefined)
      return notHolder({ ok: false, reason: "password-needed" }, form, routes.verifyEmail);
    const input = (isOwn ? verifyCodeSchema : verifyCodeWithPasswordSchema).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const asker = await currentAsker(fields.password);
    const outcome = await verifyEmailByCode(input.data, asker, await clientInfo());
    if (outcome.ok) return answerHolder(outcome, SAID, routes.home);
    switch (outcome.reason) {
      case "refused":
        return failed(flashMessages["login-failed"].text, form);
      case "wrong-code":
        return user && isOwn
          ? invalidFields({ code: WRONG_CODE_OF_OWN }, form)
          : invalidFields({ code: WRONG_CODE }, form, { code: [LOG_IN_FOR_ANOTHER] });
      default:
        return notHolder(outcome, form, routes.verifyEmail, ASK_FOR_A_NEW_ONE);
    }
  });
}

/** Sends the person who is logged in another email to confirm their address with. */
export async function resendVerificationAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction(
    "resend-verification",
    form,
    async (_fields, user) => {
      const addressee = { ...user, emailCanonical: canonical(user.email) };
      const outcome = await requestVerification(addressee, await clientInfo());
      if (!outcome.ok) return throttled(outcome, form);
      await flash("verification-sent");
      return goTo(routes.verifyEmail);
    },
    ({ isVerified }) => (isVerified ? goTo(routes.home) : null),
  );
}
