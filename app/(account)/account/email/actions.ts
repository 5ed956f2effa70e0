"use server";

import { notFound } from "next/navigation";
import { requestEmailChange } from "@/lib/accounts/change-email";
import { proveSecondFactorFirst, runUserAction } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import type { SessionUser } from "@/lib/security/sessions";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { requestEmailChangeSchema } from "@/lib/shared/schemas";
import { type Fields, goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Sends an email to the new address, whether or not another account has it (ASVS v5.0.0-7.5.1). */
export async function requestEmailChangeAction(_: ActionState, form: FormData): Promise<ActionState> {
  const work = async (fields: Fields, user: SessionUser) => {
    const input = requestEmailChangeSchema.safeParse(fields);
    if (!features().mail) notFound();
    if (!input.success) return invalid(input.error, form);
    const outcome = await requestEmailChange(user, input.data, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "unchanged":
          return invalidFields({ email: "That is your address already." }, form);
        case "refused":
          return invalidFields({ password: "That is not your password." }, form);
        case "throttled":
          return throttled(outcome, form);
      }
    await flash("new-email-to-confirm");
    return goTo(routes.accountEmail);
  };
  return runUserAction("request-email-change", form, work, (_user, session) =>
    proveSecondFactorFirst(form, session),
  );
}
