"use server";

import { logOut } from "@/lib/auth";
import type { ActionState } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { goTo, runAction } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";

/** Ends the session on the server and leads home. Someone logged out already is led home all the same. */
export async function logoutAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runAction(form, async () => {
    await logOut();
    await flash("logged-out");
    return goTo(routes.home);
  });
}
