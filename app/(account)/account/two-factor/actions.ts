"use server";

import { notFound } from "next/navigation";
import { removeAuthenticator, setUpAuthenticator } from "@/lib/accounts/two-factor/authenticator";
import { makeRecoveryCodes } from "@/lib/accounts/two-factor/recovery-codes";
import { runProvenAction } from "@/lib/auth";
import { beginSetUp, currentSetUp, endSetUp, handOverCodes } from "@/lib/auth/two-factor/carried";
import { wrongSecondFactor } from "@/lib/auth/two-factor/messages";
import { features } from "@/lib/platform/env";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import { notProvenPathFor, routes } from "@/lib/shared/routes";
import { codeFieldSchema } from "@/lib/shared/two-factor-schemas";
import { goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

// Each takes a recent proof of who asks, a second factor included where the account has one (ASVS v5.0.0-7.5.1).

/** Makes a secret for an authenticator app. The one that the account has stays until a code shows that the new app works. */
export async function beginSetUpAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("begin-set-up", form, async (_fields, user) => {
    if (!features().twoFactor) notFound();
    await beginSetUp(user);
    return goTo(routes.accountSetUpAuthenticator);
  });
}

/** Makes the app the account's second factor, by its first code, and shows the recovery codes that come with it. */
export async function setUpAuthenticatorAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("set-up-authenticator", form, async (fields, user, session) => {
    if (!features().twoFactor) notFound();
    const setUp = await currentSetUp(user);
    if (!setUp) {
      await flash("set-up-over");
      return goTo(routes.accountTwoFactor);
    }
    const input = codeFieldSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await setUpAuthenticator(
      session,
      { secret: setUp.secret, ...input.data },
      await clientInfo(),
    );
    if (!outcome.ok)
      switch (outcome.reason) {
        case "wrong-code":
          return wrongSecondFactor(form);
        case "session-over":
        case "proof-needed":
          return goTo(notProvenPathFor(outcome.reason, routes.accountTwoFactor));
        case "throttled":
          return throttled(outcome, form);
      }
    await endSetUp();
    await flash(outcome.isReplaced ? "app-replaced" : "app-set-up");
    if (outcome.recoveryCodes.length === 0) return goTo(routes.accountTwoFactor);
    await handOverCodes(user, outcome.recoveryCodes);
    return goTo(routes.accountRecoveryCodes);
  });
}

/** Takes the authenticator app and its recovery codes from the account. */
export async function removeAuthenticatorAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("remove-authenticator", form, async (_fields, _user, session) => {
    const outcome = await removeAuthenticator(session, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "required":
          return failed("This site requires a second factor. You can replace yours.", form);
        case "session-over":
        case "proof-needed":
          return goTo(notProvenPathFor(outcome.reason, routes.accountTwoFactor));
        case "throttled":
          return throttled(outcome, form);
      }
    await flash(outcome.hadOne ? "app-removed" : "no-app");
    return goTo(routes.accountTwoFactor);
  });
}

/** Makes new recovery codes, which end the old ones, and shows them. */
export async function makeRecoveryCodesAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("make-recovery-codes", form, async (_fields, user, session) => {
    const outcome = await makeRecoveryCodes(session, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "no-factor":
          await flash("no-app");
          return goTo(routes.accountTwoFactor);
        case "session-over":
        case "proof-needed":
          return goTo(notProvenPathFor(outcome.reason, routes.accountTwoFactor));
        case "throttled":
          return throttled(outcome, form);
      }
    await handOverCodes(user, outcome.recoveryCodes);
    return goTo(routes.accountRecoveryCodes);
  });
}
