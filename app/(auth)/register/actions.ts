"use server";

import { register } from "@/lib/accounts/register";
import { env } from "@/lib/platform/env";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { registerSchemaFor } from "@/lib/shared/schemas";
import { goTo, runActionOnce, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Makes an account and leads to the login page. */
export async function registerAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runActionOnce("register", form, async (fields) => {
    const input = registerSchemaFor(env()).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await register(input.data, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "throttled":
          return throttled(outcome.retryAfterSeconds, form);
        case "weak-password":
          return invalidFields({ password: outcome.weakness.message }, form);
        case "taken":
          return takenFields(outcome.fields, form);
      }
    await flash(env().requireVerifiedEmail ? "account-created-unconfirmed" : "account-created");
    return goTo(routes.login);
  });
}
