import { createHash, hkdfSync } from "node:crypto";
import { expect } from "vitest";
import { mayAddFactor } from "../../accounts/factor-change";
import { findFactors } from "../../accounts/factors";
import { finishBySetUp, finishLogin } from "../../accounts/login/finish-login";
import { proveSecondFactor } from "../../accounts/login/prove-second-factor";
import * as operator from "../../accounts/operator";
import { removeAuthenticator, setUpAuthenticator } from "../../accounts/two-factor/authenticator";
import { makeRecoveryCodes } from "../../accounts/two-factor/recovery-codes";
import { db } from "../../platform/db";
import * as sessions from "../../security/sessions";
import { resealAuthenticators } from "../../security/two-factor/authenticators";
import { findPendingLogin, openPendingLogin } from "../../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import { FORMER_SECRET } from "../former-secret";
import { logIn, newClient, newPerson, PASSWORD } from "../people";
import { giveApp, wrongCodeFor } from "../second-factors";
import { atHome } from "./at-home";

/** Names the key with which a process with that secret has encrypted the secrets of apps. */
const FORMER_KEY_ID = createHash("sha256")
  .update(Buffer.from(hkdfSync("sha256", FORMER_SECRET, "", "latchkey authenticator secret v1", 32)))
  .digest("hex")
  .slice(0, 8);

export async function walk(): Promise<void> {
  const person = await newPerson();
  const home = await atHome(person);
  const secret = newSecret();
  const codeNow = () => codeOf(secret, stepAt(Date.now()));
  const set = await setUpAuthenticator(home.session, { secret, code: codeNow() }, home.client);
  expect(set).toMatchObject({ ok: true });
  for (let failure = 0; failure < 2; failure++)
    await proveSecondFactor(person, { code: wrongCodeFor({ secret }) }, home.client);
  await operator.resetFactorsAsOperator(person.email, newClient());
  const app = await giveApp(person);
  const half = await logIn(person.email, PASSWORD, newClient());
  if (half.ok || half.reason !== "second-factor") return expect.fail("no second factor was asked for");
  const pending = await findPendingLogin(half.pending.token);
  if (!pending) return expect.fail("nothing waits");
  const options = { previousSessionToken: null, trustsBrowser: true };
  const code = await app.freshCode();
  const login = await finishLogin(pending, { code }, options, newClient());
  if (!login.ok) return expect.fail("not logged in");
  await logIn(person.email, PASSWORD, { ...newClient(), browserToken: login.browserToken });
  const [recoveryCode = ""] = app.recoveryCodes;
  await proveSecondFactor(person, { recoveryCode }, newClient());
  const session = await sessions.findSession(login.session.token);
  if (!session) return expect.fail("no session");
  await makeRecoveryCodes(session, home.client);
  await findFactors(person.id);
  await db.authenticator.updateMany({ where: { userId: person.id }, data: { keyId: FORMER_KEY_ID } });
  await resealAuthenticators();
  await removeAuthenticator(session, home.client);
  const waiting = await db.$transaction((tx) =>
    openPendingLogin({ userId: person.id, how: "password", isRemembered: false }, tx),
  );
  const setsUp = await findPendingLogin(waiting.token);
  if (!setsUp) return expect.fail("nothing waits");
  expect(await mayAddFactor({ ...setsUp, provenAt: new Date(0) })).toBe(false);
  expect(await finishBySetUp(setsUp, { secret, code: codeNow() }, options, newClient())).toMatchObject({
    ok: true,
  });
}
