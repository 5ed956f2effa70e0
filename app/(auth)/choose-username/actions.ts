"use server";

import { registerWithProvider } from "@/lib/accounts/connections/register-with-provider";
import { admit } from "@/lib/accounts/login/admit";
import type { ProvenByProvider } from "@/lib/accounts/login/prove-provider";
import { dropAllTyped } from "@/lib/auth/kept-form";
import { flashOf } from "@/lib/auth/login-messages";
import { beginJourney } from "@/lib/auth/providers/begin";
import { arrivalIdOf, currentArrival, endArrival, writeVoucher } from "@/lib/auth/providers/journey";
import { wayOn } from "@/lib/auth/providers/way-on";
import { readSessionToken } from "@/lib/auth/session-cookie";
import { env, features } from "@/lib/platform/env";
import { logError } from "@/lib/platform/log";
import { type ActionState, failed, invalid } from "@/lib/shared/action-state";
import { chooseUsernameAndEmailSchemaFor } from "@/lib/shared/connection-schemas";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { chooseUsernamePathFor, loginPathFor, returnPath, routes } from "@/lib/shared/routes";
import { goTo, runAction, runActionOnce, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";
import { keepTypedEmail } from "@/lib/web/typed-email";

const OF_ANOTHER =
  "Nothing was done: you have come here as somebody else since, in another tab. Reload the page to go on as them.";
const IN_USE =
  "An account with your address may be in use. Log in to it, or tick the box to make it yours without what was set in it.";

/** Makes the account of somebody who has come from a provider, and logs them in where nothing else is asked for. */
export async function chooseUsernameAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("choose-username", form, async (fields) => {
    const path = returnPath(fields.callbackUrl);
    const arrival = await currentArrival();
    if (!arrival) return leadTo(loginPathFor(path), "provider-lost");
    if (fields.arrival !== arrivalIdOf(arrival)) return failed(OF_ANOTHER, form);
    const { identity, isRemembered } = arrival;
    // An address that the provider has shown to be theirs is no field of the form.
    const sent = identity.isEmailProven ? { ...fields, email: identity.email } : fields;
    const input = chooseUsernameAndEmailSchemaFor(env().appName).safeParse(sent);
    if (!input.success) return invalid(input.error, form);
    const { username, email } = input.data;
    const takesOver = fields.takesOver === "on";
    const outcome = await registerWithProvider(identity, { username, email, takesOver }, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "throttled":
          return throttled(outcome, form);
        case "taken":
          return takenFields(outcome.fields, form);
        case "in-use":
          if (takesOver) return leadTo(chooseUsernamePathFor(path), "provider-grown-old"); // it asks for a new proof
          return failed(IN_USE, form, { href: loginPathFor(routes.accountConnections), label: "Log in" });
        case "locked":
          await endArrival();
          return leadTo(loginPathFor(path), flashOf(outcome));
        case "has-account":
          await endArrival();
          return leadTo(loginPathFor(routes.accountConnections), "provider-address-taken");
        case "connected":
          await endArrival();
          return leadTo(loginPathFor(path), "provider-lost");
      }
    await endArrival();
    if (outcome.isTakenOver) await dropAllTyped().catch(logError);
    if (env().requireVerifiedEmail && !outcome.isConfirmed) {
      await writeVoucher(outcome.user);
      await keepTypedEmail(email);
      return leadTo(routes.verifyEmail, "account-created-with-provider-unconfirmed");
    }
    return enter(outcome.user, { isRemembered, isConfirmed: outcome.isConfirmed }, path);
  });
}

/**
 * Leads to the provider again, which is to ask anew who its person is: an account that is in use becomes theirs behind a recent
 * proof alone. Who comes back comes to this page again.
 */
export async function proveAnewAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async (fields) => {
    const path = returnPath(fields.callbackUrl);
    const arrival = await currentArrival();
    if (!arrival) return leadTo(loginPathFor(path), "provider-lost");
    if (fields.arrival !== arrivalIdOf(arrival)) return failed(OF_ANOTHER, form);
    const { identity, isRemembered } = arrival;
    return beginJourney(
      identity.provider,
      { purpose: "register", path, isRemembered, sessionId: null },
      form,
    );
  });
}

async function enter(
  user: ProvenByProvider,
  { isRemembered, isConfirmed }: { isRemembered: boolean; isConfirmed: boolean },
  path: string,
): Promise<ActionState> {
  const options = { isRemembered, previousSessionToken: await readSessionToken() };
  const outcome = await admit(user, "provider", await clientInfo(), options);
  const way = await wayOn(outcome, user, path);
  if (!outcome.ok) return leadTo(way.path, way.said);
  const isMailed = features().mail && !isConfirmed;
  return leadTo(
    way.path,
    isMailed ? "account-created-with-provider-mailed" : "account-created-with-provider",
  );
}

async function leadTo(path: string, said?: FlashKey): Promise<ActionState> {
  if (said) await flash(said);
  return goTo(path);
}
