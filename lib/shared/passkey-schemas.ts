import { z } from "zod";
import { plainForm } from "./email-address";
import { PASSKEY_NAME_MAX } from "./passkeys";
import { NOT_IN_NAMES } from "./profile-schemas";
import { listedRowSchema } from "./schemas";

/** What its owner calls a passkey, with the rules of a display name; it cannot be empty. */
const name = z
  .string("Type a name.")
  .overwrite((text) => plainForm(text).replace(/\s+/g, " "))
  .min(1, { abort: true, error: "Type a name." })
  .refine((text) => [...text].length <= PASSKEY_NAME_MAX, {
    abort: true,
    error: `Use at most ${PASSKEY_NAME_MAX} characters.`,
  })
  .refine((text) => !NOT_IN_NAMES.test(text), "That name has a character that cannot be shown.");

export const renamePasskeySchema = listedRowSchema.extend({ name });
