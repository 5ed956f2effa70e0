import "server-only";
import type { z } from "zod";
import type { SecondFactorInput } from "../../accounts/login/prove-second-factor";
import { type ActionState, invalidFields } from "../../shared/action-state";
import { isRecoveryCode } from "../../shared/two-factor";
import { anyCodeFieldSchema, recoveryCodeFieldSchema } from "../../shared/two-factor-schemas";
import type { Fields } from "../../web/action";

const WRONG = {
  code: "That code is wrong or was used already. Type the one that your app shows now.",
  recoveryCode: "That is none of your recovery codes, or it was used already.",
} as const;

/** Which field of a form has the second factor. */
function fieldIn(form: FormData): keyof typeof WRONG {
  return form.has("recoveryCode") ? "recoveryCode" : "code";
}

/** Says at its field that a second factor was wrong. */
export function wrongSecondFactor(form: FormData): ActionState {
  const field = fieldIn(form);
  return invalidFields({ [field]: WRONG[field] }, form);
}

/** The second factor in a form, as its action reads it: of the field that it has. */
export function parseSecondFactor(fields: Fields, form: FormData): z.ZodSafeParseResult<SecondFactorInput> {
  if (fieldIn(form) === "recoveryCode") return recoveryCodeFieldSchema.safeParse(fields);
  const input = anyCodeFieldSchema.safeParse(fields);
  if (!input.success || !isRecoveryCode(input.data.code)) return input;
  return { success: true, data: { recoveryCode: input.data.code } };
}
