import { createHash, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import sharp from "sharp";
import { expect, vi } from "vitest";
import { changeDisplayName } from "../accounts/change-display-name";
import { changeEmail, requestEmailChange, restoreEmail } from "../accounts/change-email";
import { changePassword, hasPassword, setFirstPassword } from "../accounts/change-password";
import { changeUsername, listKeptUsernames } from "../accounts/change-username";
import { purge } from "../accounts/clean-up";
import { correctEmail } from "../accounts/correct-email";
import { keepAccount, requestDeletion, requestDeletionWithoutPassword } from "../accounts/delete-account";
import { eraseAccount } from "../accounts/erase-accounts";
import { exportData } from "../accounts/export-data";
import { readHistory } from "../accounts/history";
import { findLastLogin } from "../accounts/last-login";
import { lockAccount, lockOwnAccount } from "../accounts/lock-account";
import { logOut } from "../accounts/log-out";
import { finishBySetUp, finishLogin } from "../accounts/login/finish-login";
import { proveSecondFactor } from "../accounts/login/prove-second-factor";
import { reAuthenticate } from "../accounts/login/re-authenticate";
import * as operator from "../accounts/operator";
import * as ownSessions from "../accounts/own-sessions";
import { changePicture, findPicture, removePicture } from "../accounts/picture";
import { register } from "../accounts/register";
import { requestPasswordReset, resetPassword } from "../accounts/reset-password";
import { removeAuthenticator, setUpAuthenticator } from "../accounts/two-factor/authenticator";
import { findFactors } from "../accounts/two-factor/factors";
import { makeRecoveryCodes } from "../accounts/two-factor/recovery-codes";
import { requestVerification } from "../accounts/verification-email";
import { verifyEmail, verifyEmailByCode } from "../accounts/verify-email";
import { adapter } from "../auth/adapter";
import { deliverDue, enqueueEmail, isMailDelayed, waitingEmails } from "../mail/outbox";
import { NO_CLIENT } from "../platform/client-info";
import { db } from "../platform/db";
import { LEASE_MS, withLease } from "../platform/db/lease";
import { isReady } from "../platform/health";
import { record } from "../security/audit";
import { dropFormsOfOthers, isAnyFormKept, keepForm, takeKeptForm } from "../security/kept-forms";
import { adoptBrowser, rememberBrowser } from "../security/known-browsers";
import { findLinkToken, hasMoved } from "../security/link-tokens";
import { consumeLogin } from "../security/rate-limits/login-limits";
import { answerOnce, LEASE_MS as FORM_LEASE_MS, findAnswer, TOLD_MS } from "../security/sent-forms";
import * as sessions from "../security/sessions";
import { resealAuthenticators } from "../security/two-factor/authenticators";
import { findPendingLogin, openPendingLogin } from "../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../security/two-factor/totp";
import { HISTORY_ROWS_PER_DAY, KEPT_FORMS_MAX, KNOWN_BROWSERS_MAX, SESSIONS_MAX } from "../shared/limits";
import { DAY_MS } from "../shared/units";
import { connectionQueries } from "./connection-queries";
import { FORMER_SECRET } from "./former-secret";
import { openDatabase } from "./look-in";
import type { Mailbox } from "./mail-sink";
import {
  emailTo,
  enter,
  loggedInAs,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  tokenIn,
  visitorWith,
} from "./people";
import { giveApp, wrongCodeFor } from "./second-factors";
import { change } from "./session-rows";

const database = openDatabase(process.env.DATABASE_URL ?? "");

/** Someone logged in, in a browser of their own. */
async function atHome(person: Person) {
  const login = await enter(person);
  if (!login.ok) return expect.fail("not logged in");
  const { token } = login.session;
  const session = (await sessions.findSession(token)) ?? (await sessions.findLeavingSession(token));
  if (!session) return expect.fail("no session");
  const client = { ...newClient(), browserToken: login.browserToken };
  return { person, token, session, client, asker: { user: person, sessionToken: token } };
}

async function arriving(mailbox: Mailbox): Promise<void> {
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

/** Names the key with which a process with that secret has encrypted the secrets of apps. */
const FORMER_KEY_ID = createHash("sha256")
  .update(Buffer.from(hkdfSync("sha256", FORMER_SECRET, "", "latchkey authenticator secret v1", 32)))
  .digest("hex")
  .slice(0, 8);

async function secondFactors(): Promise<void> {
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
  expect(await finishBySetUp(setsUp, { secret, code: codeNow() }, options, newClient())).toMatchObject({
    ok: true,
  });
}

async function loggingIn(): Promise<void> {
  const person = await newPerson({ cost: 4 });
  const client = newClient();
  await logIn(person.email, "not the password", client);
  await logIn(person.email, PASSWORD, client);
  const { token, session, client: known } = await atHome(person);
  await logIn(person.email, "not the password", known);
  await logIn(person.email, PASSWORD, known);
  await enter(person);
  await enter(person);
  await findLastLogin(session);
  await sessions.findLiveTokens([token]);
  await sessions.touchSession({ ...session, lastSeenAt: new Date(0) });
  await adoptBrowser(token, randomBytes(32).toString("base64url"));
  await reAuthenticate(session, token, { password: PASSWORD, secondFactor: null }, known);
  for (let opened = 0; opened <= SESSIONS_MAX; opened++) await sessions.openSession(person.id, false, client);
  for (let seen = 0; seen <= KNOWN_BROWSERS_MAX; seen++) await rememberBrowser(person.id, newClient(), db);
  for (let kept = 0; kept <= HISTORY_ROWS_PER_DAY; kept++)
    await record("login", { userId: person.id }, client);
  const idle = await sessions.openSession(person.id, false, client);
  await change(database, idle.token, { expiresAt: new Date(0) });
  await sessions.removeExpiredSession(idle.token);
  const attempt = await consumeLogin(newEmail(), null, newClient());
  if (attempt.ok) await attempt.succeed();
}

async function atTheAccount(): Promise<void> {
  const { person, session, token, client, asker } = await atHome(await newPerson());
  await atHome(person);
  await ownSessions.listSessions(session);
  await ownSessions.listBrowsers(session, client);
  await ownSessions.endSession(session, randomUUID(), client);
  await ownSessions.endOtherSessions(session, client);
  await ownSessions.forgetOwnBrowser(session, randomUUID(), client);
  for (const username of ["a", "b"])
    await changeUsername(session, { username: username + randomUUID().slice(0, 12) }, client);
  await changeUsername(session, { username: person.username }, client);
  await listKeptUsernames(person);
  await changeDisplayName(session, { displayName: "Ada" }, client);
  const red = { create: { width: 8, height: 8, channels: 3 as const, background: "red" } };
  await changePicture(session, () => sharp(red).png().toBuffer(), client);
  await findPicture(person.id);
  await removePicture(session, client);
  await readHistory(person.id, null);
  for (let kept = 0; kept < 30; kept++) await record("username-changed", { userId: person.id }, client);
  const { older } = await readHistory(person.id, null);
  expect(older).not.toBeNull();
  await readHistory(person.id, older);
  await exportData(person.id, session.id, client);
  await hasPassword(person.id);
  await changePassword(asker, { currentPassword: PASSWORD, password: NEW_PASSWORD }, client);
  await logOut(token, client);
}

async function elsewhere(mailbox: Mailbox): Promise<void> {
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

async function leaving(): Promise<void> {
  const leaver = await atHome(await newPerson());
  const { username } = leaver.person;
  await requestDeletion(leaver.asker, { username, password: PASSWORD }, leaver.client);
  const back = await atHome(leaver.person);
  const leavingSession = await sessions.findLeavingSession(back.token);
  if (leavingSession) await keepAccount(leavingSession, back.token, back.client);

  const federated = await atHome(await newPerson());
  await database.query('UPDATE "User" SET "passwordHash" = ? WHERE "id" = ?', null, federated.person.id);
  await requestDeletionWithoutPassword(federated.asker, { username: federated.person.username }, newClient());
  await operator.keepAsOperator(federated.person.email, NO_CLIENT);
  const first = await atHome(await newPerson());
  await database.query('UPDATE "User" SET "passwordHash" = ? WHERE "id" = ?', null, first.person.id);
  await setFirstPassword(first.asker, { password: NEW_PASSWORD }, first.client);
}

const emailFor = (to: string) => {
  return { to, subject: "", text: "", html: "", expiresAt: new Date(Date.now() + DAY_MS) };
};

async function operating(): Promise<void> {
  const person = await newPerson();
  await operator.lockAsOperator(person.email, NO_CLIENT);
  await operator.findAccountFacts(person.email);
  await operator.makeResetLink(person.email, NO_CLIENT);
  await operator.unlockAsOperator(person.email, NO_CLIENT);
  const email = emailFor(person.email);
  const id = await enqueueEmail(email, db, { dueAt: email.expiresAt });
  // As a release before the column wrote it.
  await database.query('UPDATE "OutboxEmail" SET "recipientHash" = ? WHERE "id" = ?', null, id);
  await eraseAccount(person.id);
  await operator.eraseAsOperator((await newPerson()).email, "someone");
  await operator.lastOrigin();
  await isReady();
}

async function sending(mailbox: Mailbox): Promise<void> {
  for (const [to, list] of [
    ["refused@example.com", mailbox.refused],
    ["later@example.com", mailbox.deferred],
  ] as const) {
    list.add(to);
    await enqueueEmail(emailFor(to), db);
  }
  await database.query(
    'INSERT INTO "OutboxEmail" ("id", "sealed", "dueAt", "expiresAt") VALUES (?, ?, ?, ?)',
    randomUUID(),
    "sealed with another secret",
    new Date(0),
    new Date(Date.now() + DAY_MS),
  );
  await deliverDue();
  await isMailDelayed();
  await waitingEmails();
}

/** A form is sent again before its answer is there, which is told and soon forgotten. */
async function answerThoseWhoWait(): Promise<void> {
  const twins = { id: randomUUID(), key: randomBytes(32) };
  const untilAwaited = async () => {
    while ((await db.sentForm.count({ where: { id: twins.id, answer: { not: null } } })) === 0)
      await nextTurn();
  };
  let waiting: Promise<string> | null = null;
  await answerOnce(
    twins,
    async () => {
      waiting = answerOnce(
        twins,
        async () => ({ result: "", kept: null }),
        async (kept) => kept,
      );
      await Promise.race([waiting, untilAwaited()]);
      return { result: "", kept: { text: "told", isLasting: false } };
    },
    async () => null,
  );
  await waiting;
  vi.advanceTimersByTime(TOLD_MS);
}

async function formsAndWork(): Promise<void> {
  const twins = { id: randomUUID(), key: randomBytes(32) };
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  for (const kept of [null, "told", "told once the former is over"])
    await answerOnce(
      twins,
      async () => {
        vi.advanceTimersByTime(FORM_LEASE_MS.renewed);
        return { result: "", kept: kept === null ? null : { text: kept, isLasting: true } };
      },
      async () => null,
    );
  await answerThoseWhoWait();
  vi.useRealTimers();
  await findAnswer(twins);
  const token = randomBytes(32).toString("base64url");
  const kept = { page: "/", form: "", values: {} };
  for (let page = 0; page <= KEPT_FORMS_MAX; page++)
    await keepForm(token, "grace", { ...kept, page: `/${page}` });
  await keepForm(token, "ada", kept);
  await dropFormsOfOthers(token, ["ada"]);
  await isAnyFormKept(token);
  await takeKeptForm(token, "/", ["ada", "ada by a former secret"]);
  await withLease("walk", async (isHeld) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + LEASE_MS / 2 });
    await isHeld();
    vi.useRealTimers();
  });
}

async function cleaningUp(): Promise<void> {
  const typed = { username: `a${randomUUID().slice(0, 12)}`, email: newEmail(), password: PASSWORD };
  await register({ ...typed, confirmation: PASSWORD }, newClient());
  const leaver = await newPerson();
  await database.query('UPDATE "User" SET "deleteAt" = ? WHERE "id" = ?', new Date(0), leaver.id);
  expect(await purge(Date.now() + 60 * DAY_MS)).toMatchObject({ lapsed: 1 });
  vi.resetModules(); // the outbox is cleaned up where no mail server is set
  vi.stubEnv("SMTP_URL", "");
  vi.stubEnv("REQUIRE_VERIFIED_EMAIL", "");
  const { purgeOutbox } = await import("../mail/outbox");
  await purgeOutbox();
}

/** Whatever the app asks its database, done once; each with the server that takes the emails. */
export const WALKS: ((mailbox: Mailbox) => Promise<void>)[] = [
  arriving,
  loggingIn,
  secondFactors,
  connectionQueries,
  atTheAccount,
  elsewhere,
  leaving,
  operating,
  sending,
  formsAndWork,
  cleaningUp,
];
