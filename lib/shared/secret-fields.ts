/**
 * Names of form fields and properties whose values are secrets. The one list: a form's answer never echoes them, the log
 * redacts them, and the form empties its inputs of these names when the server refuses.
 */
export const SECRET_FIELDS = [
  "password",
  "confirmation",
  "currentPassword",
  "proof",
  "recoveryCode",
  "passkey",
] as const;
