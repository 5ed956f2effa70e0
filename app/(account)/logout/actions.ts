"use server";

import type { ActionState } from "@/lib/action-state";
import { logOut } from "@/lib/auth";
import { attempt, goTo, readForm } from "@/lib/auth/action";
import { flash } from "@/lib/auth/flash";
import { routes } from "@/lib/routes";

/** Ends the session on the server and leads home. Someone logged out already is led home all the same. */
export async function logoutAction(_: ActionState, form: FormData): Promise<ActionState> {
  readForm(form);
  return attempt(form, async () => {
    await logOut();
    await flash("logged-out");
    return goTo(routes.home);
  });
}
