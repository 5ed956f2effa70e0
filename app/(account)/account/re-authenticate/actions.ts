"use server";

import { proveAgain, runUserAction } from "@/lib/auth";
import { type ActionState, invalid } from "@/lib/shared/action-state";
import { returnPath } from "@/lib/shared/routes";
import { reAuthenticateSchema } from "@/lib/shared/schemas";
import { goTo } from "@/lib/web/action";

/** Takes the password as a new proof of who is logged in, and goes on to the page that asked for it (ASVS v5.0.0-7.5.1). */
export async function reAuthenticateAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("re-authenticate", form, async (fields, _user, session) => {
    const input = reAuthenticateSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    return (
      (await proveAgain(session, input.data.password, "password", form)) ??
      goTo(returnPath(fields.callbackUrl))
    );
  });
}
