import { z } from "zod";
import { codeOfDigits, reAuthenticateSchema } from "./schemas";
import { plainRecoveryCode, RECOVERY_ALPHABET, RECOVERY_CODE_LENGTH } from "./two-factor";

const code = codeOfDigits("Type the code that your app shows.");

const NO_RECOVERY_CODE = "Type one of your recovery codes.";

/** Longest text looked at, in UTF-16 units: a whole list pasted by mistake is longer. */
const TYPED_MAX = 4 * RECOVERY_CODE_LENGTH;

const recoveryCode = z
  .string(NO_RECOVERY_CODE)
  .max(TYPED_MAX, { abort: true, error: "Type one recovery code." })
  .overwrite(plainRecoveryCode)
  .min(1, NO_RECOVERY_CODE)
  .regex(
    new RegExp(`^[${RECOVERY_ALPHABET}]{${RECOVERY_CODE_LENGTH}}$`),
    `A recovery code has ${RECOVERY_CODE_LENGTH} letters and digits.`,
  );

/** A code from an authenticator app. */
export const codeFieldSchema = z.object({ code });

/** A recovery code, in the plain form in which it is compared. */
export const recoveryCodeFieldSchema = z.object({ recoveryCode });

/** The password again, and with it a second factor. */
export const reAuthenticateWithCodeSchema = reAuthenticateSchema.extend({ code });
export const reAuthenticateWithRecoveryCodeSchema = reAuthenticateSchema.extend({ recoveryCode });
