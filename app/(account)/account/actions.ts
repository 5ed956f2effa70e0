"use server";

import { changeDisplayName } from "@/lib/accounts/change-display-name";
import { changeUsername } from "@/lib/accounts/change-username";
import { removePicture } from "@/lib/accounts/picture";
import { runProvenAction, runUserAction, runUserActionAgain } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import type { LiveSession } from "@/lib/security/sessions";
import { type ActionState, invalid, invalidFields } from "@/lib/shared/action-state";
import { canonical } from "@/lib/shared/canonical";
import { changeUsernameSchemaFor, displayNameSchema } from "@/lib/shared/profile-schemas";
import { routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { type Fields, goTo, takenFields, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/** Changes the username, by the rules of registration: with a recent proof, since others know the person by it. */
export async function changeUsernameAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("change-username", form, async (fields, user, session) => {
    const input = changeUsernameSchemaFor(env().appName).safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    const outcome = await changeUsername(session, input.data, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "unchanged":
          return invalidFields({ username: "That is your username already." }, form);
        case "taken":
          return takenFields(["username"], form);
        case "session-over":
          return goTo(sessionEndedPathFor(routes.account));
        case "throttled":
          return throttled(outcome, form);
      }
    const isRespelt = canonical(input.data.username) === canonical(user.username);
    await flash(isRespelt ? "username-respelt" : "username-changed");
    return goTo(routes.account);
  });
}

/** Changes what pages call the person, or takes it away. */
export async function changeDisplayNameAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runUserAction("change-display-name", form, async (fields, _user, session) => {
    const input = displayNameSchema.safeParse(fields);
    if (!input.success) return invalid(input.error, form);
    if (!(await changeDisplayName(session, input.data, await clientInfo())))
      return goTo(sessionEndedPathFor(routes.account));
    await flash(input.data.displayName === "" ? "display-name-removed" : "display-name-changed");
    return goTo(routes.account);
  });
}

/** Takes the picture away; where there is none, that is what was asked for. */
export async function removePictureAction(_: ActionState, form: FormData): Promise<ActionState> {
  const answer = async () => {
    await flash("picture-removed");
    return goTo(routes.account);
  };
  const remove = async (_fields: Fields, session: LiveSession) => {
    const outcome = await removePicture(session, await clientInfo());
    if (!outcome.ok) return goTo(sessionEndedPathFor(routes.account));
    return outcome.hadPicture ? answer() : null;
  };
  return runUserActionAgain("remove-picture", form, remove, answer);
}
