"use server";

import { notFound } from "next/navigation";
import { lockOwnAccount } from "@/lib/accounts/lock-account";
import { logOut, runUserAction } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { routes } from "@/lib/shared/routes";
import { goTo } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Locks the account of the person who asks, and starts its recovery by email. */
export async function lockOwnAccountAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("lock-own-account", form, async (_fields, user) => {
    if (!features().mail) notFound();
    if (!(await lockOwnAccount(user.id, await clientInfo())))
      return failed("Nothing was done: your email address has to be confirmed first.", form);
    await logOut();
    await flash("account-locked");
    return goTo(routes.login);
  });
}
