import { z } from "zod";
import { codeOfDigits, NOT_SIX_DIGITS, plainDigits } from "./codes";
import { reAuthenticateSchema } from "./schemas";
import {
  isRecoveryCode,
  plainRecoveryCode,
  RECOVERY_CODE_LENGTH,
  RECOVERY_CODE_TYPED_MAX,
  TOTP_DIGITS,
} from "./two-factor";

const NO_CODE = "Type the code that your app shows.";

const code = codeOfDigits(NO_CODE);

const NO_RECOVERY_CODE = "Type one of your recovery codes.";

const recoveryCode = z
  .string(NO_RECOVERY_CODE)
  .max(RECOVERY_CODE_TYPED_MAX, { abort: true, error: "Type one recovery code." })
  .overwrite(plainRecoveryCode)
  .min(1, NO_RECOVERY_CODE)
  .refine(isRecoveryCode, `A recovery code has ${RECOVERY_CODE_LENGTH} letters and digits.`);

/** The code of an app; a recovery code, which some people type there, in its plain form. */
const anyCode = z
  .string(NO_CODE)
  .max(RECOVERY_CODE_TYPED_MAX, { abort: true, error: NOT_SIX_DIGITS })
  .overwrite((typed) => {
    const plain = plainRecoveryCode(typed);
    return isRecoveryCode(plain) ? plain : plainDigits(typed);
  })
  .min(1, NO_CODE)
  .refine(
    (text) => isRecoveryCode(text) || (/^\d+$/.test(text) && text.length === TOTP_DIGITS),
    NOT_SIX_DIGITS,
  );

/** A code from an authenticator app. */
export const codeFieldSchema = z.object({ code });

/** The same where a recovery code will do too. */
export const anyCodeFieldSchema = z.object({ code: anyCode });

/** A recovery code, in the plain form in which it is compared. */
export const recoveryCodeFieldSchema = z.object({ recoveryCode });

/** The password again, and with it a second factor. */
export const reAuthenticateWithCodeSchema = reAuthenticateSchema.extend({ code: anyCode });
export const reAuthenticateWithRecoveryCodeSchema = reAuthenticateSchema.extend({ recoveryCode });
