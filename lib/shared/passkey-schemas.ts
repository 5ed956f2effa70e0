import { PASSKEY_NAME_MAX } from "./passkeys";
import { shownName } from "./profile-schemas";
import { listedRowSchema } from "./schemas";

/** What its owner calls a passkey, with the rules of a display name; it cannot be empty. */
const name = shownName("Type a name.", PASSKEY_NAME_MAX).min(1, "Type a name.");

export const renamePasskeySchema = listedRowSchema.extend({ name });
