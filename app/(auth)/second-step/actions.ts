"use server";

import { notFound } from "next/navigation";
import { mayAddFactor } from "@/lib/accounts/factor-change";
import { findFactors, hasSecondFactor } from "@/lib/accounts/factors";
import type { AdmitOutcome } from "@/lib/accounts/login/admit";
import { finishByNewPasskey, finishBySetUp, finishLogin } from "@/lib/accounts/login/finish-login";
import { finishLoginByPasskey } from "@/lib/accounts/login/log-in-with-passkey";
import { askForProofBy } from "@/lib/accounts/login/prove-passkey";
import { findVouched } from "@/lib/accounts/login/prove-provider";
import { askForPasskey } from "@/lib/accounts/passkeys/add-passkey";
import { requestVerification } from "@/lib/accounts/verification-email";
import {
  answerWithQuestion,
  currentPendingLogin,
  pathAfter,
  refusedPasskey,
  runPendingAction,
} from "@/lib/auth";
import { keepLogin } from "@/lib/auth/keep-login";
import { flashOf } from "@/lib/auth/login-messages";
import { beginJourney } from "@/lib/auth/providers/begin";
import { writeVoucher } from "@/lib/auth/providers/journey";
import { readSessionToken } from "@/lib/auth/session-cookie";
import { beginSetUp, currentSetUp, endSetUp, handOverCodes } from "@/lib/auth/two-factor/carried";
import { parseSecondFactor, wrongSecondFactor } from "@/lib/auth/two-factor/messages";
import { beginAgain } from "@/lib/auth/two-factor/pending-action";
import { clearPendingLogin } from "@/lib/auth/two-factor/pending-login";
import { features } from "@/lib/platform/env";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import {
  type AskAnswer,
  type CreationQuestion,
  PASSKEY_FIELD,
  type RequestQuestion,
} from "@/lib/shared/passkeys";
import {
  loginPathFor,
  recoveryCodesPathFor,
  returnPath,
  routes,
  secondStepPathFor,
} from "@/lib/shared/routes";
import { RECOVERY_CODES_FEW } from "@/lib/shared/two-factor";
import { codeFieldSchema } from "@/lib/shared/two-factor-schemas";
import { goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Beside the wait after wrong codes: the link below the form. Recovery codes are counted apart. */
const RECOVERY_HELPS = "A recovery code works meanwhile.";

/** Takes the second factor of a login that waits for it, and leads to the page first asked for (ASVS v5.0.0-6.3.3). */
export async function secondStepAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction("second-step", form, async (fields, pending) => {
    const input = parseSecondFactor(fields, form);
    if (!input.success) return invalid(input.error, form);
    const previousSessionToken = await readSessionToken();
    const options = { previousSessionToken, trustsBrowser: fields.trust === "on" };
    const outcome = await finishLogin(pending, input.data, options, await clientInfo());
    if (!outcome.ok && outcome.reason === "wrong-code") return wrongSecondFactor(form);
    if (!outcome.ok && outcome.reason === "throttled")
      return throttled(outcome, form, "code" in input.data ? RECOVERY_HELPS : "");
    const isFew = outcome.ok && "recoveryCode" in input.data && (await hasFewCodes(pending.user.id));
    if (isFew) await flash("recovery-codes-few");
    return answerTo(outcome, returnPath(fields.callbackUrl));
  });
}

/**
 * Puts a question for the passkeys of the account whose login waits. It names none of them: whoever has the password would
 * learn their ids, and each tells by itself whose it is.
 */
export async function askForSecondStepAction(form: FormData): Promise<AskAnswer<RequestQuestion>> {
  return answerWithQuestion<RequestQuestion>(form, async () => {
    const pending = await currentPendingLogin();
    if (!pending) return { goTo: loginPathFor(returnPath(form.get("callbackUrl"))) };
    return { question: await askForProofBy({ purpose: "second-step", subject: pending.id }) };
  });
}

/** Takes a passkey as the second factor of a login that waits for it. */
export async function secondStepByPasskeyAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction("second-step-by-passkey", form, async (fields, pending) => {
    const options = { previousSessionToken: await readSessionToken(), trustsBrowser: false };
    const answer = fields[PASSKEY_FIELD];
    const outcome = await finishLoginByPasskey(pending, answer, options, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "unknown-passkey":
        case "question-over":
        case "throttled":
          return refusedPasskey(outcome, form);
        case "refused": // by what it shows, and not because the login waits no more
          if (await currentPendingLogin()) return refusedPasskey(outcome, form);
      }
    return answerTo(outcome, returnPath(fields.callbackUrl));
  });
}

async function hasFewCodes(userId: string): Promise<boolean> {
  const { recoveryCodes } = await findFactors(userId);
  return (recoveryCodes?.left ?? 0) <= RECOVERY_CODES_FEW;
}

/** Makes a secret for the app of a person who has to set one up before the login goes on. */
export async function beginRequiredSetUpAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction("begin-required-set-up", form, async (fields, pending) => {
    if (await mayAddFactor(pending)) await beginSetUp(pending.user); // else the page says what is wanted first
    return goTo(secondStepPathFor(returnPath(fields.callbackUrl)));
  });
}

/**
 * Leads to a provider, which is to ask anew who its person is: a second factor is set up behind a recent proof alone. What comes
 * back is a login like any other.
 */
export async function proveAnewAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction(
    "prove-anew",
    form,
    async ({ provider, callbackUrl }, { isRemembered }) => {
      const path = returnPath(callbackUrl);
      const journey = { purpose: "log-in", path, isRemembered, sessionId: null, isAnew: true } as const;
      return beginJourney(provider, journey, form);
    },
    { isDoneAgain: true },
  );
}

/**
 * Sends an email to confirm the address with, which then needs no password in this browser: the login waits again after that,
 * and may set up a second factor.
 */
export async function confirmAddressAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction(
    "confirm-address-first",
    form,
    async ({ callbackUrl }, { user, connection }) => {
      const vouched = connection && (await findVouched({ id: user.id, connection }));
      if (!vouched) return goTo(secondStepPathFor(returnPath(callbackUrl))); // confirmed meanwhile
      const outcome = await requestVerification(vouched, await clientInfo());
      if (!outcome.ok) return throttled(outcome, form);
      await writeVoucher(vouched);
      await flash("verification-sent");
      return goTo(routes.verifyEmail);
    },
    { isDoneAgain: true },
  );
}

/** Takes the code that shows that the app is set up, lets the login go on, and shows the recovery codes first. */
export async function requiredSetUpAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction("required-set-up", form, async (fields, pending) => {
    const path = returnPath(fields.callbackUrl);
    const setUp = await currentSetUp(pending.user);
    if (!setUp) {
      await flash("set-up-over");
      return goTo(secondStepPathFor(path));
    }
    const input = codeFieldSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const options = { previousSessionToken: await readSessionToken(), trustsBrowser: false };
    const outcome = await finishBySetUp(
      pending,
      { secret: setUp.secret, ...input.data },
      options,
      await clientInfo(),
    );
    if (!outcome.ok)
      switch (outcome.reason) {
        case "wrong-code":
          return wrongSecondFactor(form);
        case "throttled":
          return throttled(outcome, form);
        case "session-over":
          return beginAgain(path);
        case "proof-needed": // it was recent as the page was made; that says what to do now
          return goTo(secondStepPathFor(path));
      }
    await endSetUp();
    await handOverCodes(pending.user, outcome.recoveryCodes);
    return answerTo(outcome.login, recoveryCodesPathFor(path));
  });
}

/**
 * Puts the question for a new passkey, to a person who has to set up a second factor before the login goes on. Nobody else is
 * asked: the question names the passkeys that an account has.
 */
export async function askForRequiredAction(form: FormData): Promise<AskAnswer<CreationQuestion>> {
  return answerWithQuestion<CreationQuestion>(form, async () => {
    const path = returnPath(form.get("callbackUrl"));
    const pending = await currentPendingLogin();
    if (!pending) return { goTo: loginPathFor(path) };
    if (!(await mayAddFactor(pending)) || (await hasSecondFactor(pending.user.id)))
      return { goTo: secondStepPathFor(path) };
    return { question: await askForPasskey(pending.user, "add", pending.id) };
  });
}

/** Adds the passkey that came of it as the second factor, and lets the login go on. */
export async function requiredPasskeyAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runPendingAction("required-passkey", form, async (fields, pending) => {
    if (!features().passkeys) notFound();
    const path = returnPath(fields.callbackUrl);
    const options = { previousSessionToken: await readSessionToken(), trustsBrowser: false };
    const answer = fields[PASSKEY_FIELD];
    const outcome = await finishByNewPasskey(pending, answer, options, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "refused":
        case "question-over":
        case "throttled":
          return refusedPasskey(outcome, form);
        case "taken":
        case "too-many":
          return failed("That passkey is an account's already. Use another one.", form);
        case "session-over":
          return beginAgain(path);
        case "proof-needed": // it was recent as the page was made; that says what to do now
          return goTo(secondStepPathFor(path));
      }
    await flash("passkey-added");
    return answerTo(outcome.login, path);
  });
}

/** What came of the login once its second factor was right. */
async function answerTo(
  outcome: Exclude<AdmitOutcome, { reason: "throttled" }>,
  path: string,
): Promise<ActionState> {
  if (outcome.ok) {
    await keepLogin(outcome);
    await clearPendingLogin();
    return goTo(pathAfter(outcome, path));
  }
  switch (outcome.reason) {
    case "refused": // its waiting has been ended meanwhile
    case "second-factor":
      return beginAgain(path);
    case "unverified":
    case "locked":
      await clearPendingLogin();
      await flash(flashOf(outcome));
      return goTo(routes.login);
  }
}
