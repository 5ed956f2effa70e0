import { z } from "zod";
import { forgotPasswordSchema, usernameFor } from "./schemas";

/** The form that takes a connection away. Which there are for whom, the query says. */
export const disconnectSchema = z.object({ provider: z.string().regex(/^[a-z0-9-]{1,32}$/) });

/**
 * The form of somebody who has come from a provider for the first time, with the rules of registration.
 * @param appName what the site is called; no username may be that
 */
export function chooseUsernameSchemaFor(appName: string) {
  return z.object({ username: usernameFor(appName) });
}

/** The same where the provider has not shown the address to be theirs: it is typed, and to be confirmed. */
export function chooseUsernameAndEmailSchemaFor(appName: string) {
  return chooseUsernameSchemaFor(appName).extend(forgotPasswordSchema.shape);
}
