"use server";

import { runNewPasswordAction } from "@/lib/auth/new-password";
import type { ActionState } from "@/lib/shared/action-state";

/** Sets a new password by an emailed link, logs every device out and asks for the login (ASVS v5.0.0-6.4.3, 7.4.3). */
export async function resetPasswordAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runNewPasswordAction("reset-password", form, "password-reset");
}
