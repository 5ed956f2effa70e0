import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { connect, disconnect, listConnections } from "../../accounts/connections/own-connections";
import { registerWithProvider } from "../../accounts/connections/register-with-provider";
import { hasAccountAt } from "../../accounts/connections/take-over";
import { correctEmailOfVouched } from "../../accounts/correct-email";
import { lockOwnAccount } from "../../accounts/lock-account";
import { logInWithProvider } from "../../accounts/login/log-in-with-provider";
import { findVouched } from "../../accounts/login/prove-provider";
import { disconnectAsOperator } from "../../accounts/operator-factors";
import { newToken } from "../../platform/crypto/token";
import { db } from "../../platform/db";
import { findUsable } from "../../security/connections/connections";
import { findBrowserOfAnyone } from "../../security/known-browsers";
import { findSession } from "../../security/sessions";
import { spendOnce } from "../../security/spent-once";
import { acmeIdentity, connectionOf, corpIdentity, dropPassword } from "../connections";
import { enter, newClient, newEmail, newPerson } from "../people";

export async function walk(): Promise<void> {
  const options = { isRemembered: false, previousSessionToken: null };
  const name = () => `a${randomUUID().slice(0, 12)}`;
  const identity = acmeIdentity();
  const newcomer = { username: name(), email: newEmail() };
  await registerWithProvider(identity, newcomer, newClient());
  await registerWithProvider(acmeIdentity(), newcomer, newClient());
  await registerWithProvider(identity, { username: name(), email: newEmail() }, newClient());
  await logInWithProvider(identity, options, newClient());
  const emailCanonical = newcomer.email.toLowerCase();
  await db.user.update({ where: { emailCanonical }, data: { emailVerified: new Date() } }); // it must not lapse
  const unconfirmed = await newPerson({ isVerified: false });
  const corp = corpIdentity(unconfirmed.email);
  await hasAccountAt(corp);
  const theirs = { username: name(), email: unconfirmed.email };
  expect(await registerWithProvider(corp, theirs, newClient())).toMatchObject({ ok: true });
  await logInWithProvider(corp, options, newClient());

  const mistyped = await newPerson({ isVerified: false });
  const vouched = await findVouched({ id: mistyped.id, connection: await connectionOf(mistyped) });
  if (!vouched) return expect.fail("not vouched for");
  const corrected = await correctEmailOfVouched(vouched, { email: newEmail() }, newClient());
  expect(corrected).toEqual({ ok: true });

  const person = await newPerson();
  const login = await enter(person);
  const session = login.ok ? await findSession(login.session.token) : null;
  if (!session) return expect.fail("not logged in");
  expect(await connect(session, acmeIdentity(), newClient())).toMatchObject({ ok: true });
  await listConnections(person.id);
  expect(await findUsable(person.id, "acme")).toMatchObject({ provider: "acme" });
  await spendOnce(newToken(), new Date());
  await findBrowserOfAnyone(newToken());
  await dropPassword(person);
  await disconnect(session, "acme", newClient());
  await connectionOf(person, corpIdentity(person.email));
  await disconnect(session, "acme", newClient());
  await lockOwnAccount(session, newClient());
  await connectionOf(person, corpIdentity(person.email));
  await disconnectAsOperator(person.email, newClient());
}
