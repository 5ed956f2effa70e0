import { z } from "zod";
import { changeUsernameSchemaFor } from "./profile-schemas";
import { forgotPasswordSchema } from "./schemas";

/** The form that takes a connection away. Which there are for whom, the query says. */
export const disconnectSchema = z.object({ provider: z.string().regex(/^[a-z0-9-]{1,32}$/) });

/**
 * The form of somebody who has come from a provider for the first time, where that has not shown the address to be theirs: it is
 * typed, and to be confirmed. Else the form is that of another username.
 * @param appName what the site is called; no username may be that
 */
export function chooseUsernameAndEmailSchemaFor(appName: string) {
  return changeUsernameSchemaFor(appName).extend(forgotPasswordSchema.shape);
}
