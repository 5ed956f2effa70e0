import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { correctEmail } from "../../accounts/correct-email";
import { register } from "../../accounts/register";
import { requestVerification } from "../../accounts/verification-email";
import { verifyEmail, verifyEmailByCode } from "../../accounts/verify-email";
import { adapter } from "../../auth/adapter";
import { findLinkToken, hasMoved } from "../../security/link-tokens";
import type { Mailbox } from "../mail-sink";
import { emailTo, newClient, newEmail, PASSWORD, tokenIn, visitorWith } from "../people";

export async function walk(mailbox: Mailbox): Promise<void> {
  const [username, email] = [`a${randomUUID().slice(0, 12)}`, newEmail()];
  const typed = { username, email, password: PASSWORD, confirmation: PASSWORD };
  await register(typed, newClient());
  await register(typed, newClient());
  const mistyped = await emailTo(email, "verify-email", mailbox);
  expect(await findLinkToken("verify-email", tokenIn(mistyped))).not.toBeNull();
  const right = newEmail();
  expect(await correctEmail({ account: username, password: PASSWORD, email: right }, newClient())).toEqual({
    ok: true,
  });
  const emailCanonical = right.toLowerCase();
  const user = await adapter().getUserByEmail?.(right);
  await adapter().getUserByAccount?.({ provider: "none", providerAccountId: "nobody's" });
  await requestVerification({ id: user?.id ?? "", emailCanonical }, newClient());
  const { text } = await emailTo(right, "verify-email", mailbox);
  const code = /^(\d{6})$/m.exec(text)?.[1] ?? "";
  const nobody = visitorWith(PASSWORD);
  await verifyEmailByCode(
    { email: right, code: code === "000000" ? "000001" : "000000" },
    nobody,
    newClient(),
  );
  await requestVerification({ id: user?.id ?? "", emailCanonical }, newClient());
  const again = await emailTo(right, "verify-email", mailbox, 2);
  expect(await verifyEmail(tokenIn(again), nobody, newClient())).toMatchObject({ ok: true });
  await hasMoved("verify-email", tokenIn(again));
}
