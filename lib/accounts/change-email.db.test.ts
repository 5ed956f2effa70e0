import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { deliverDue } from "../mail/delivery";
import { hashToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { env } from "../platform/env";
import { findLinkToken, hasMoved } from "../security/link-tokens";
import { countRegistrationEmail, findRegistrationEmailWait } from "../security/rate-limits/email-limits";
import { findSession, openSession } from "../security/sessions";
import { codeOf, newSecret, stepAt } from "../security/two-factor/totp";
import {
  CHANGE_ALERT_LIMITS,
  EMAIL_LIMITS,
  HISTORY_ROWS_PER_DAY,
  LOGIN_LIMITS,
  MOVE_LIMITS,
} from "../shared/limits";
import { type LinkPurpose, links } from "../shared/links";
import { DAY_MS, MINUTE_MS } from "../shared/units";
import { acmeIdentity } from "../testing/connections";
import { itOnce } from "../testing/it-once";
import type { Subject } from "../testing/mail-sink";
import { Authenticator } from "../testing/passkeys";
import {
  emailTo,
  enter,
  eventsOf,
  loggedInAs,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  sessionOf,
  tokenIn,
  visitorWith,
} from "../testing/people";
import * as accounts from "./change-email";
import { requestEmailChange, restoreEmail } from "./change-email";
import { connect } from "./connections/own-connections";
import { lockAccount } from "./lock-account";
import { lockAsOperator } from "./operator";
import { addPasskey, askForPasskey } from "./passkeys/add-passkey";
import { register } from "./register";
import { requestPasswordReset, resetPassword } from "./reset-password";
import { setUpAuthenticator } from "./two-factor/authenticator";

const LINK_SPENT = { ok: false, reason: "link-spent" };
const REFUSED = { ok: false, reason: "refused" };
const TAKEN = { ok: false, reason: "taken" };

const ask = (person: Person, email: string, password = PASSWORD) =>
  requestEmailChange(person, { email, password }, newClient());

const tokenFrom = async (email: string, subject: Subject, count = 1) =>
  tokenIn(await emailTo(email, subject, mailbox, count));

/** Follows a link in the browser in which its account is logged in. */
async function changeEmail(token: string, client = newClient()) {
  const link = await db.linkToken.findUnique({ where: { tokenHash: hashToken(token) } });
  const asker = { ...visitorWith(null), userId: link?.userId ?? null };
  const outcome = await accounts.changeEmail(token, asker, client);
  if (!outcome.ok) return outcome;
  expect(outcome).toEqual({ ok: true, by: "session", login: null });
  return { ok: true };
}

/** Asks for another address; answers the token of the email that came there. */
async function tokenFor(person: Person, email: string): Promise<string> {
  expect(await ask(person, email)).toEqual({ ok: true });
  return tokenFrom(email, "change-email");
}

/** Moves someone to a new address; answers it and the token that takes the old one back. */
async function moved(person: Person): Promise<{ email: string; back: string }> {
  const email = newEmail();
  expect(await changeEmail(await tokenFor(person, email), newClient())).toEqual({ ok: true });
  return { email, back: await tokenFrom(person.email, "email-changed") };
}

const accountOf = ({ id }: Person) =>
  db.user.findUniqueOrThrow({
    where: { id },
    select: {
      email: true,
      emailCanonical: true,
      emailVerified: true,
      passwordHash: true,
      lockedByOwnerAt: true,
      lockedByOperatorAt: true,
    },
  });

/** Makes a token look as old as it may get, and a second older. */
const outlive = (token: string) =>
  db.linkToken.update({
    where: { tokenHash: hashToken(token) },
    data: { expiresAt: new Date(Date.now() - 1000) },
  });

const logsIn = async (email: string, password = PASSWORD) => (await logIn(email, password)).ok;

afterEach(() => db.rateLimit.deleteMany());

describe("requestEmailChange", () => {
  it("writes to both addresses, and changes nothing", async () => {
    const person = await newPerson();
    const before = await accountOf(person);
    const email = newEmail();
    await tokenFor(person, email);
    const { text } = await mailbox.latest(person.email, "email-change-requested");
    expect(text).toMatch(/on .+ UTC, with Firefox on Linux at 10\.0\.\d+\.\d+\./);
    expect(text).not.toContain(email);
    expect(await accountOf(person)).toEqual(before);
    expect(await eventsOf(person)).toContain("email-change-requested");
  });

  itOnce("refuses a wrong password, and sends nothing", async () => {
    const person = await newPerson();
    const email = newEmail();
    expect(await ask(person, email, "another")).toEqual({ ok: false, reason: "refused" });
    expect(await db.linkToken.count({ where: { email: email.toLowerCase() } })).toBe(0);
  });

  it("refuses the right password of an account locked meanwhile, and sends nothing", async () => {
    const person = await newPerson();
    await lockAsOperator(person.email, newClient());
    const email = newEmail();
    expect(await ask(person, email)).toEqual({ ok: false, reason: "refused" });
    expect(await db.linkToken.count({ where: { email: email.toLowerCase() } })).toBe(0);
  });

  itOnce(
    "tells the owner five times a day, wherever it is asked from, and begins anew with a new password",
    async () => {
      const { perAccount } = CHANGE_ALERT_LIMITS;
      const person = await newPerson();
      for (let count = 0; count <= perAccount; count++)
        expect(await ask(person, newEmail())).toEqual({ ok: true });
      await emailTo(person.email, "email-change-requested", mailbox, perAccount);
      const alerts = () => mailbox.to(person.email, "email-change-requested").length;
      const rows = { where: { userId: person.id, purpose: "lock-account" } };
      expect([alerts(), await db.linkToken.count(rows)]).toEqual([perAccount, perAccount]);

      await requestPasswordReset({ email: person.email }, newClient());
      const token = await tokenFrom(person.email, "reset-password");
      expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
      expect(await ask(person, newEmail(), NEW_PASSWORD)).toEqual({ ok: true });
      await emailTo(person.email, "email-change-requested", mailbox, perAccount + 1);
    },
  );

  itOnce("has an event of each in the account's history, as many as of any other", async () => {
    const person = await newPerson();
    const events = Array.from({ length: HISTORY_ROWS_PER_DAY - 1 }, () => ({
      event: "email-change-requested",
      userId: person.id,
    }));
    await db.auditEvent.createMany({ data: events });
    for (let count = 0; count < 3; count++) await ask(person, newEmail());
    expect((await eventsOf(person)).length).toBe(HISTORY_ROWS_PER_DAY);
  });

  itOnce("counts no alert that was not sent: an address confirmed later is told of the next", async () => {
    const person = await newPerson({ isVerified: false });
    for (let count = 0; count < CHANGE_ALERT_LIMITS.perAccount; count++) await ask(person, newEmail());
    await db.user.update({
      where: { id: person.id },
      data: { emailVerified: new Date() },
      select: { id: true },
    });
    expect(await ask(person, newEmail())).toEqual({ ok: true });
    await emailTo(person.email, "email-change-requested", mailbox);
  });

  itOnce("is left to an owner whose account a thief has just given another address", async () => {
    const person = await newPerson({ isVerified: false });
    for (let count = 0; count < 5; count++) await ask(person, newEmail());
    const theirs = newEmail();
    expect(await changeEmail(await tokenFor(person, theirs))).toEqual({ ok: true });
    const moved = { ...person, email: theirs };
    for (let count = 0; count < 5; count++) await ask(moved, newEmail());
    const email = newEmail();
    expect(await changeEmail(await tokenFor(moved, email))).toEqual({ ok: true });
    expect((await accountOf(person)).email).toBe(email);
  });

  itOnce("lets no other account keep an address from it, and sends the address few emails", async () => {
    const [stranger, person, email] = [await newPerson(), await newPerson(), newEmail()];
    for (let count = 0; count < MOVE_LIMITS.perAccountAndAddress; count++)
      expect(await ask(stranger, email)).toEqual({ ok: true });
    for (let count = MOVE_LIMITS.perAccountAndAddress; count < 5; count++)
      expect(await ask(stranger, email)).toMatchObject({ reason: "throttled" });
    expect(await ask(person, email)).toEqual({ ok: true });
    await emailTo(email, "change-email", mailbox, 3);
    const token = mailbox.to(email, "change-email").map(tokenIn).at(-1) ?? "";
    expect(await findLinkToken("change-email", token)).toMatchObject({ id: person.id });
    expect(await changeEmail(token)).toEqual({ ok: true });
  });

  itOnce(
    "answers the same when an address has had five emails in an hour, sends none, and leaves the link before",
    async () => {
      for (const email of [newEmail(), (await newPerson()).email]) {
        const person = await newPerson();
        const elsewhere = newEmail();
        const before = await tokenFor(person, elsewhere);
        for (let emails = 0; emails < EMAIL_LIMITS.perAddress; emails++)
          expect(await ask(await newPerson(), email)).toEqual({ ok: true });
        expect(await ask(person, email)).toEqual({ ok: true });
        await deliverDue();
        await expect.poll(() => db.outboxEmail.count()).toBe(0);
        const sent = ["change-email", "email-taken"] as const;
        expect(sent.flatMap((subject) => mailbox.to(email, subject))).toHaveLength(EMAIL_LIMITS.perAddress);
        expect(await changeEmail(before)).toEqual({ ok: true });
      }
    },
  );

  itOnce(
    "gives a free address, and leaves a taken one its links, whatever strangers have asked for",
    async () => {
      const [email, person] = [newEmail(), await newPerson()];
      for (let count = 0; count <= EMAIL_LIMITS.perAddress; count++)
        await requestPasswordReset({ email }, newClient());
      expect(await ask(person, email)).toEqual({ ok: true });
      const victim = await newPerson();
      for (let count = 0; count <= EMAIL_LIMITS.perAddress; count++)
        expect(await ask(await newPerson(), victim.email)).toEqual({ ok: true });
      expect(await requestPasswordReset({ email: victim.email }, newClient())).toEqual({ ok: true });
    },
  );

  itOnce("counts wrong passwords as the login does", async () => {
    const person = await newPerson();
    const client = newClient();
    const guess = () => requestEmailChange(person, { email: newEmail(), password: "another" }, client);
    for (let tries = 0; tries < LOGIN_LIMITS.failuresBeforeWait; tries++)
      expect(await guess()).toEqual({ ok: false, reason: "refused" });
    expect(await guess()).toMatchObject({ reason: "throttled" });
    const login = await logIn(person.email, PASSWORD, client);
    expect(login).toMatchObject({ reason: "throttled" });
  });

  it("refuses the address the account has, in any case", async () => {
    const person = await newPerson();
    expect(await ask(person, person.email.toUpperCase())).toEqual({ ok: false, reason: "unchanged" });
  });

  itOnce("answers the same for a taken address, and tells its owner alone", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    expect(await ask(person, other.email.toLowerCase())).toEqual({ ok: true });
    await emailTo(other.email, "email-taken", mailbox);
    await mailbox.latest(person.email, "email-change-requested");
    expect(mailbox.to(other.email, "change-email")).toHaveLength(0);
    const opens = await db.linkToken.findMany({ where: { purpose: "change-email", userId: person.id } });
    expect(opens).toEqual([]);
  });

  itOnce("ends with a newer one, whichever address that names", async () => {
    const person = await newPerson();
    const first = await tokenFor(person, newEmail());
    const email = newEmail();
    const second = await tokenFor(person, email);
    expect(await changeEmail(first, newClient())).toEqual(LINK_SPENT);
    expect(await changeEmail(second, newClient())).toEqual({ ok: true });
    expect((await accountOf(person)).email).toBe(email);
  });

  itOnce(
    "ends with a factor, passkey or connection that comes meanwhile: a link asked for without it could end it",
    async () => {
      const person = await newPerson();
      const session = await sessionOf(person);
      const secret = newSecret();
      const passkey = async () => {
        const question = await askForPasskey(person, "add", session.id);
        return addPasskey(
          session,
          "add",
          new Authenticator(env().publicUrl.origin).create(question),
          newClient(),
        );
      };
      const app = () =>
        setUpAuthenticator(session, { secret, code: codeOf(secret, stepAt(Date.now())) }, newClient());
      for (const change of [() => connect(session, acmeIdentity(), newClient()), passkey, app]) {
        const token = await tokenFor(person, newEmail());
        expect(await change()).toMatchObject({ ok: true });
        expect(await changeEmail(token)).toEqual(LINK_SPENT);
      }
      expect((await accountOf(person)).email).toBe(person.email);
    },
  );

  itOnce("leaves the link of another account that asked for the same address", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const email = newEmail();
    const token = await tokenFor(person, email);
    await ask(other, email);
    expect(await changeEmail(token, newClient())).toEqual({ ok: true });
  });
});

describe("changeEmail", () => {
  itOnce("asks a browser that is not logged in to that account for its password", async () => {
    const person = await newPerson();
    const email = newEmail();
    const token = await tokenFor(person, email);
    const client = newClient();
    for (const asker of [visitorWith(null), loggedInAs(await newPerson())])
      expect(await accounts.changeEmail(token, asker, client)).toEqual({
        ok: false,
        reason: "password-needed",
      });
    expect(await accounts.changeEmail(token, visitorWith("a guess"), client)).toEqual(REFUSED);
    expect((await accountOf(person)).email).toBe(person.email);
    expect(await accounts.changeEmail(token, visitorWith(PASSWORD), client)).toMatchObject({
      ok: true,
      login: { ok: true, session: { userId: person.id } },
    });
    expect((await accountOf(person)).email).toBe(email);
  });

  itOnce(
    "moves no locked account, by a link that was left when it was locked, and a way back still does",
    async () => {
      const person = await newPerson();
      const { email: theirs, back } = await moved(person);
      const token = await tokenFor({ ...person, email: theirs }, newEmail());
      const lockedByOperatorAt = new Date();
      await db.user.update({ where: { id: person.id }, data: { lockedByOperatorAt }, select: { id: true } });
      const answer = await accounts.changeEmail(token, visitorWith(PASSWORD), newClient());
      expect(answer).toEqual(LINK_SPENT);
      expect((await accountOf(person)).email).toBe(theirs);
      expect(await restoreEmail(back, newClient())).toEqual({ ok: true });
      expect((await accountOf(person)).email).toBe(person.email);
    },
  );

  itOnce("logs no browser in that is logged in to another account", async () => {
    const person = await newPerson();
    const token = await tokenFor(person, newEmail());
    const answer = await accounts.changeEmail(token, loggedInAs(await newPerson(), PASSWORD), newClient());
    expect(answer).toEqual({ ok: true, by: "password", login: null });
    expect(await eventsOf(person)).toContain("password-proven");
    expect(await db.session.count({ where: { userId: person.id } })).toBe(0);
  });

  itOnce("tells the new address, not the former, of a login that comes with it", async () => {
    const person = await newPerson();
    await enter(person);
    const email = newEmail();
    const token = await tokenFor(person, email);
    expect(await accounts.changeEmail(token, visitorWith(PASSWORD), newClient())).toMatchObject({ ok: true });
    await emailTo(email, "new-login", mailbox);
    expect(mailbox.to(person.email, "new-login")).toEqual([]);
  });

  itOnce("counts wrong passwords as failed logins", async () => {
    const person = await newPerson();
    const token = await tokenFor(person, newEmail());
    const client = newClient();
    for (let guesses = 0; guesses < LOGIN_LIMITS.failuresBeforeWait; guesses++)
      expect(await accounts.changeEmail(token, visitorWith("a guess"), client)).toEqual(REFUSED);
    const answer = await accounts.changeEmail(token, visitorWith(PASSWORD), client);
    expect(answer).toMatchObject({ reason: "throttled" });
    expect(await logIn(person.email, PASSWORD, client)).toMatchObject({ reason: "throttled" });
  });

  it("gives the account the address as typed and confirmed, and keeps its sessions", async () => {
    const person = await newPerson();
    const before = await accountOf(person);
    const { token: session } = await openSession(person.id, false, newClient());
    const { email } = await moved(person);
    const account = await accountOf(person);
    expect(account).toMatchObject({
      email,
      emailCanonical: email.toLowerCase(),
      passwordHash: before.passwordHash,
    });
    expect(account.emailVerified).toBeInstanceOf(Date);
    expect(await findSession(session)).not.toBeNull();
    expect([await logsIn(email), await logsIn(person.email)]).toEqual([true, false]);
    expect(await eventsOf(person)).toContain("email-changed");
  });

  it("works once, for one of ten at once", async () => {
    const person = await newPerson();
    const token = await tokenFor(person, newEmail());
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => changeEmail(token, newClient())));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await changeEmail(token, newClient())).toEqual(LINK_SPENT);
  });

  itOnce("refuses a link that is too old", async () => {
    const token = await tokenFor(await newPerson(), newEmail());
    await outlive(token);
    expect(await changeEmail(token, newClient())).toEqual(LINK_SPENT);
  });

  itOnce.each(["reset-password", "restore-email"] satisfies LinkPurpose[])(
    "refuses a link made for %s",
    async (purpose) => {
      const person = await newPerson();
      const token = await tokenFor(person, newEmail());
      await db.linkToken.update({ where: { tokenHash: hashToken(token) }, data: { purpose } });
      expect(await changeEmail(token, newClient())).toEqual(LINK_SPENT);
      expect((await accountOf(person)).email).toBe(person.email);
    },
  );

  itOnce("refuses an address taken meanwhile, and changes nothing", async () => {
    const person = await newPerson();
    const email = newEmail();
    const token = await tokenFor(person, email);
    const username = `a${randomUUID().slice(0, 12)}`;
    const taken = await register(
      { username, email, password: NEW_PASSWORD, confirmation: NEW_PASSWORD },
      newClient(),
    );
    expect(taken).toEqual({ ok: true });
    expect(await changeEmail(token, newClient())).toEqual(TAKEN);
    expect((await accountOf(person)).email).toBe(person.email);
  });

  it("has one winner of two accounts that want one address at once", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const email = newEmail();
    expect([await ask(person, email), await ask(other, email)]).toEqual([{ ok: true }, { ok: true }]);
    await emailTo(email, "change-email", mailbox, 2);
    const tokens = mailbox.to(email, "change-email").map(tokenIn);
    const outcomes = await Promise.all(tokens.map((token) => changeEmail(token, newClient())));
    expect(outcomes).toContainEqual({ ok: true });
    expect(outcomes).toContainEqual(TAKEN);
  });

  itOnce("ends the links sent to the old address", async () => {
    const person = await newPerson();
    await requestPasswordReset({ email: person.email }, newClient());
    const reset = await tokenFrom(person.email, "reset-password");
    await moved(person);
    const again = { token: reset, password: NEW_PASSWORD };
    expect(await resetPassword(again, newClient())).toEqual(LINK_SPENT);
  });

  itOnce(
    "leaves the lock that was promised to the old address, which then takes that address back",
    async () => {
      const person = await newPerson();
      const { email, back } = await moved(person);
      const lock = await tokenFrom(person.email, "email-change-requested");
      expect(await findLinkToken("lock-account", lock)).toMatchObject({
        id: person.id,
        address: person.email,
      });
      expect(await lockAccount(lock, newClient())).toEqual({ ok: true, isAddressBack: true });
      expect(await accountOf(person)).toMatchObject({
        email: person.email,
        lockedByOwnerAt: expect.any(Date),
      });
      expect(await logsIn(email)).toBe(false);
      await emailTo(person.email, "reset-password", mailbox);
      expect(await restoreEmail(back, newClient()), "both are one way back").toEqual(LINK_SPENT);
      expect(await lockAccount(lock, newClient()), "and work once").toEqual(LINK_SPENT);
    },
  );

  itOnce("leaves it, too, when a thief who changed the address twice uses every link of theirs", async () => {
    const person = await newPerson();
    const first = await moved(person);
    const promised = await tokenFrom(person.email, "email-change-requested");
    const second = await moved({ ...person, email: first.email });
    const theirs = await tokenFrom(first.email, "email-change-requested");
    expect(await lockAccount(theirs, newClient())).toEqual({ ok: true, isAddressBack: true });
    expect(await restoreEmail(second.back, newClient())).toEqual(LINK_SPENT);
    const reset = await tokenFrom(first.email, "reset-password");
    expect(await resetPassword({ token: reset, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    const [again] = mailbox.to(first.email, "email-change-requested").map(tokenIn);
    expect(await lockAccount(again ?? "", newClient()), "it was used").toEqual(LINK_SPENT);
    expect(await lockAccount(promised, newClient())).toEqual({ ok: true, isAddressBack: true });
    expect((await accountOf(person)).email).toBe(person.email);
  });

  itOnce("ends it where there is no way back, which the page can tell", async () => {
    const person = await newPerson();
    const first = await moved(person);
    const lock = await tokenFrom(person.email, "email-change-requested");
    await outlive(first.back);
    expect(await findLinkToken("lock-account", lock)).toBeNull();
    expect(await hasMoved("lock-account", lock)).toBe(true);
    expect(await lockAccount(lock, newClient())).toEqual(LINK_SPENT);
    expect(await hasMoved("restore-email", first.back)).toBe(false);
    expect((await accountOf(person)).email).toBe(first.email);
  });

  itOnce("ends once the owner has locked the account or chosen a new password", async () => {
    const [locked, reset] = [await newPerson(), await newPerson()];
    const tokens = [await tokenFor(locked, newEmail()), await tokenFor(reset, newEmail())];
    const lock = await tokenFrom(locked.email, "email-change-requested");
    expect(await lockAccount(lock, newClient())).toEqual({ ok: true, isAddressBack: false });
    await requestPasswordReset({ email: reset.email }, newClient());
    const token = await tokenFrom(reset.email, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({
      ok: true,
    });
    for (const token of tokens) expect(await changeEmail(token, newClient())).toEqual(LINK_SPENT);
  });
});

describe("restoreEmail", () => {
  it("gives the old address back, locks the account, and starts the recovery", async () => {
    const person = await newPerson();
    const { email, back } = await moved(person);
    const { token: session } = await openSession(person.id, true, newClient());
    expect(await restoreEmail(back, newClient())).toEqual({ ok: true });
    expect(await accountOf(person)).toMatchObject({
      email: person.email,
      lockedByOwnerAt: expect.any(Date),
      lockedByOperatorAt: null,
    });
    expect(await findSession(session)).toBeNull();
    expect(await db.knownBrowser.count({ where: { userId: person.id } })).toBe(0);
    expect(await logIn(email)).toEqual({ ok: false, reason: "refused" });
    expect(await logIn(person.email)).toEqual({ ok: false, reason: "locked", by: "owner" });
    await emailTo(email, "email-restored", mailbox);

    const token = await tokenFrom(person.email, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    expect(await logsIn(person.email, NEW_PASSWORD)).toBe(true);
    expect(await eventsOf(person)).toContain("email-restored");
  });

  itOnce("works however often the address was changed since, and no later link undoes it", async () => {
    const person = await newPerson();
    const first = await moved(person);
    const second = await moved({ ...person, email: first.email });
    const third = await tokenFor({ ...person, email: second.email }, newEmail());
    expect(await restoreEmail(first.back, newClient())).toEqual({ ok: true });
    expect((await accountOf(person)).email).toBe(person.email);
    expect(await restoreEmail(second.back, newClient())).toEqual(LINK_SPENT);
    expect(await changeEmail(third, newClient())).toEqual(LINK_SPENT);
  });

  itOnce("works after a newer one: a thief who changed the address twice has that one", async () => {
    const person = await newPerson();
    const first = await moved(person);
    const second = await moved({ ...person, email: first.email });
    expect(await restoreEmail(second.back, newClient())).toEqual({ ok: true });
    const token = await tokenFrom(first.email, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    const username = `a${randomUUID().slice(0, 12)}`;
    const input = { username, email: person.email, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
    expect(await register(input, newClient())).toEqual({ ok: false, reason: "taken", fields: ["email"] });
    expect(await restoreEmail(first.back, newClient())).toEqual({ ok: true });
    expect(await accountOf(person)).toMatchObject({
      email: person.email,
      lockedByOwnerAt: expect.any(Date),
    });
  });

  itOnce("is not sent to an address that the owner leaves for the one before it", async () => {
    const person = await newPerson();
    const first = await moved(person);
    const second = await moved({ ...person, email: first.email });
    const token = await tokenFor({ ...person, email: second.email }, person.email);
    expect(await changeEmail(token, newClient())).toEqual({ ok: true });
    const { text } = await emailTo(second.email, "email-changed", mailbox);
    expect(text).toContain("It has the address again that it had before this one");
    expect(text).not.toContain("token=");
    expect(await restoreEmail(second.back, newClient()), "nor does one sent before work on").toEqual(
      LINK_SPENT,
    );
    expect(await restoreEmail(first.back, newClient()), "the oldest does").toEqual({ ok: true });
  });

  itOnce("outranks a newer one, by whichever clock the two were made", async () => {
    const person = await newPerson();
    const first = await moved(person);
    const ofAFastClock = new Date(Date.now() + MINUTE_MS);
    const where = { tokenHash: hashToken(first.back) };
    await db.linkToken.update({ where, data: { createdAt: ofAFastClock } });
    const second = await moved({ ...person, email: first.email });
    expect(await restoreEmail(second.back, newClient())).toEqual({ ok: true });
    expect(await restoreEmail(first.back, newClient())).toEqual({ ok: true });
    expect((await accountOf(person)).email).toBe(person.email);
  });

  itOnce("leaves an operator's lock as it is", async () => {
    const person = await newPerson();
    const { email, back } = await moved(person);
    await lockAsOperator(email, newClient());
    expect(await restoreEmail(back, newClient())).toEqual({ ok: true });
    expect(await accountOf(person)).toMatchObject({
      email: person.email,
      lockedByOperatorAt: expect.any(Date),
    });
    const token = await tokenFrom(person.email, "reset-password");
    expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({ ok: true });
    expect(await logIn(person.email, NEW_PASSWORD)).toMatchObject({ reason: "locked", by: "operator" });
  });

  it("works once, for one of ten at once", async () => {
    const { back } = await moved(await newPerson());
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => restoreEmail(back, newClient())));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await restoreEmail(back, newClient())).toEqual(LINK_SPENT);
  });

  itOnce("refuses after seven days", async () => {
    expect(links["restore-email"].ttlMs).toBe(7 * DAY_MS);
    const person = await newPerson();
    const { email, back } = await moved(person);
    await outlive(back);
    expect(await restoreEmail(back, newClient())).toEqual(LINK_SPENT);
    expect((await accountOf(person)).email).toBe(email);
  });

  itOnce(
    "sends six emails at most to a stranger's address that is registered and left again and again",
    async () => {
      const victim = newEmail();
      const registerIt = () => {
        const username = `u${randomUUID().slice(0, 12)}`;
        return register({ username, email: victim, password: PASSWORD, confirmation: PASSWORD }, newClient());
      };
      let moves = 0;
      while ((await registerIt()).ok) {
        const emailCanonical = victim.toLowerCase();
        const { id } = await db.user.findUniqueOrThrow({ where: { emailCanonical }, select: { id: true } });
        const person = { id, email: victim } as Person;
        expect(await changeEmail(await tokenFor(person, newEmail()))).toEqual({ ok: true });
        moves++;
      }
      expect(moves).toBeGreaterThan(1);
      await deliverDue();
      expect(mailbox.to(victim, "email-changed"), "each that left was told of").toHaveLength(moves);
      const sent = ["verify-email", "email-changed"] as const;
      expect(sent.flatMap((subject) => mailbox.to(victim, subject)).length).toBeLessThanOrEqual(
        EMAIL_LIMITS.perAddress + 1,
      );
    },
  );

  itOnce(
    "tells an address never confirmed of the loss, whatever failed or was sent there before",
    async () => {
      const person = await newPerson({ isVerified: false });
      const taken = newEmail();
      const token = await tokenFor(person, taken);
      const username = `a${randomUUID().slice(0, 12)}`;
      const input = { username, email: taken, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
      expect(await register(input, newClient())).toEqual({ ok: true });
      for (let tries = 0; tries < EMAIL_LIMITS.perAddress; tries++)
        expect(await changeEmail(token)).toEqual(TAKEN);
      expect(await findRegistrationEmailWait(person.email.toLowerCase()), "no email went there").toBe(0);
      for (let emails = 0; emails < EMAIL_LIMITS.perAddress; emails++)
        await countRegistrationEmail(person.email.toLowerCase());
      expect(await changeEmail(await tokenFor(person, newEmail()))).toEqual({ ok: true });
      await emailTo(person.email, "email-changed", mailbox);
    },
  );

  itOnce(
    "is not offered to an address never confirmed, which is told of the change and is then free",
    async () => {
      const person = await newPerson({ isVerified: false });
      expect(await changeEmail(await tokenFor(person, newEmail()), newClient())).toEqual({ ok: true });
      const { text } = await emailTo(person.email, "email-changed", mailbox);
      expect(text).toContain("never confirmed");
      expect(text).not.toContain("http");
      expect(text, "it may be a stranger's").not.toMatch(/10\.0\.\d|Your account/);
      expect(text).toMatch(/^Hello,\n/);
      expect(mailbox.to(person.email, "email-change-requested"), "anyone could have it sent").toEqual([]);
      const username = `a${randomUUID().slice(0, 12)}`;
      const input = { username, email: person.email, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
      expect(await register(input, newClient())).toEqual({ ok: true });
    },
  );

  itOnce("refuses a link for a change that is not confirmed", async () => {
    const token = await tokenFor(await newPerson(), newEmail());
    expect(await restoreEmail(token, newClient())).toEqual(LINK_SPENT);
  });

  itOnce("keeps the old address from every other account, and not from its own", async () => {
    const [person, other] = [await newPerson(), await newPerson()];
    const waiting = await newPerson();
    const { email, back } = await moved(person);
    const username = `a${randomUUID().slice(0, 12)}`;
    const input = { username, email: person.email, password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
    expect(await register(input, newClient())).toEqual({ ok: false, reason: "taken", fields: ["email"] });
    expect(await ask(other, person.email)).toEqual({ ok: true });
    await emailTo(person.email, "email-taken", mailbox);

    const token = await tokenFor(waiting, newEmail());
    const row = { email: person.email.toLowerCase(), address: person.email };
    await db.linkToken.update({ where: { tokenHash: hashToken(token) }, data: row });
    expect(await changeEmail(token, newClient())).toEqual(TAKEN);

    const home = await tokenFor({ ...person, email }, person.email);
    expect(await changeEmail(home, newClient())).toEqual({ ok: true });
    await outlive(back);
    expect((await accountOf(person)).email).toBe(person.email);
  });
});
