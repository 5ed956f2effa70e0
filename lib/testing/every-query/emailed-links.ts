import { expect } from "vitest";
import { changeEmail, requestEmailChange, restoreEmail } from "../../accounts/change-email";
import { lockAccount, lockOwnAccount } from "../../accounts/lock-account";
import * as operator from "../../accounts/operator";
import { requestPasswordReset, resetPassword } from "../../accounts/reset-password";
import { NO_CLIENT } from "../../platform/client-info";
import { findLinkToken } from "../../security/link-tokens";
import type { Mailbox } from "../mail-sink";
import {
  emailTo,
  enter,
  loggedInAs,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  tokenIn,
} from "../people";
import { atHome } from "./at-home";

export async function walk(mailbox: Mailbox): Promise<void> {
  const move = async (person: Person, email: string) => {
    await requestEmailChange(person, { email, password: PASSWORD }, newClient());
    const token = tokenIn(await emailTo(email, "change-email", mailbox));
    expect(await changeEmail(token, loggedInAs(person), newClient())).toMatchObject({ ok: true });
  };
  const { person } = await atHome(await newPerson());
  await enter(person);
  const alert = tokenIn(await emailTo(person.email, "new-login", mailbox));
  const email = newEmail();
  await move(person, email);
  await findLinkToken("lock-account", alert); // it stands for the way back by now
  await move({ ...person, email }, person.email);
  const robbed = await newPerson();
  await move(robbed, newEmail());
  const wayBack = tokenIn(await emailTo(robbed.email, "email-changed", mailbox));
  expect(await restoreEmail(wayBack, newClient())).toMatchObject({ ok: true });
  const other = await atHome(await newPerson());
  await lockOwnAccount(other.session, newClient());
  await operator.unlockAsOperator(other.person.email, NO_CLIENT);

  const alarmed = await newPerson();
  for (let logins = 0; logins < 3; logins++) await enter(alarmed);
  await lockAccount(tokenIn(await emailTo(alarmed.email, "new-login", mailbox)), newClient());

  for (const forgetful of [await newPerson(), await newPerson({ isVerified: false })]) {
    await requestPasswordReset({ email: forgetful.email }, newClient());
    const token = tokenIn(await emailTo(forgetful.email, "reset-password", mailbox));
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
  }
}
