"use server";

import { changeDisplayName } from "@/lib/accounts/change-display-name";
import { changeUsername } from "@/lib/accounts/change-username";
import { removePicture } from "@/lib/accounts/picture";
import { runUserAction } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { changeUsernameSchemaFor, displayNameSchema } from "@/lib/shared/profile-schemas";
import { routes } from "@/lib/shared/routes";
import { goTo, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Changes the username, by the rules of registration. */
export async function changeUsernameAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("change-username", form, async (fields, user) => {
    const input = changeUsernameSchemaFor(env().appName).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await changeUsername(user, input.data, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "unchanged":
          return invalidFields({ username: "That is your username already." }, form);
        case "taken":
          return takenFields(["username"], form);
        case "throttled":
          return throttled(outcome, form);
      }
    await flash("username-changed");
    return goTo(routes.account);
  });
}

/** Changes what pages call the person, or takes it away. */
export async function changeDisplayNameAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("change-display-name", form, async (fields, user) => {
    const input = displayNameSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    await changeDisplayName(user, input.data, await clientInfo());
    await flash(input.data.displayName === "" ? "display-name-removed" : "display-name-changed");
    return goTo(routes.account);
  });
}

/** Takes the picture away; where there is none, that is what was asked for. */
export async function removePictureAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("remove-picture", form, async (_fields, user) => {
    await removePicture(user, await clientInfo());
    await flash("picture-removed");
    return goTo(routes.account);
  });
}
