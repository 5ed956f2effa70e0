"use server";

import { register } from "@/lib/accounts/register";
import { env, features } from "@/lib/platform/env";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { registerSchemaFor } from "@/lib/shared/schemas";
import { goTo, runActionOnce, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";
import { keepTypedEmail } from "@/lib/web/typed-email";

/** Makes an account and leads to the login page. */
export async function registerAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("register", form, async (fields) => {
    const input = registerSchemaFor(env()).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await register(input.data, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "throttled":
          return throttled(outcome, form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
        case "taken":
          return takenFields(outcome.fields, form);
      }
    await keepTypedEmail(input.data.email);
    await flash(createdFlash());
    return goTo(routes.login);
  });
}

function createdFlash(): FlashKey {
  if (env().requireVerifiedEmail) return "account-created-unconfirmed";
  return features().mail ? "account-created-mailed" : "account-created";
}
