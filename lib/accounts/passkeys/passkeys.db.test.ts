import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../../testing/mailbox")).startMailbox());

import { newToken } from "../../platform/crypto/token";
import { db } from "../../platform/db";
import { env } from "../../platform/env";
import { findLinkToken, makeLinkToken } from "../../security/link-tokens";
import { askForProof } from "../../security/passkeys/ceremony";
import { type Asked, newChallenge } from "../../security/passkeys/challenges";
import { noteSecondFactor, PROOF_MS } from "../../security/session-proof";
import { purgeSpent } from "../../security/spent-once";
import { findPendingLogin } from "../../security/two-factor/pending-logins";
import { codeOf, newSecret, stepAt } from "../../security/two-factor/totp";
import { FACTOR_CHANGE_LIMITS, LOGIN_LIMITS } from "../../shared/limits";
import { CHALLENGE_MS, PASSKEYS_MAX, type RequestQuestion } from "../../shared/passkeys";
import { HOUR_MS } from "../../shared/units";
import { itOnce } from "../../testing/it-once";
import { Authenticator, passkeyOf } from "../../testing/passkeys";
import {
  emailTo,
  enter,
  eventsOf,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  type Person,
  sessionOf,
  tokenIn,
} from "../../testing/people";
import { giveApp } from "../../testing/second-factors";
import { restoreEmail } from "../change-email";
import { exportData } from "../export-data";
import { hasSecondFactor } from "../factors";
import { lockAccount, lockOwnAccount } from "../lock-account";
import { lock } from "../locks";
import { finishByNewPasskey, finishBySetUp } from "../login/finish-login";
import {
  finishLoginByPasskey,
  logInWithPasskey,
  reAuthenticateByPasskey,
} from "../login/log-in-with-passkey";
import { eraseAsOperator } from "../operator";
import { resetFactorsAsOperator } from "../operator-factors";
import { resetPassword } from "../reset-password";
import { addPasskey, askForPasskey, isOfferDue, type Occasion, takeOffer } from "./add-passkey";
import { acceptedPasskeys, listPasskeys, removePasskey, renamePasskey } from "./own-passkeys";

const PAGE = "the secret of a page";

const { origin } = env().publicUrl;

const asked = (purpose: Asked["purpose"] = "log-in", subject = PAGE): Asked => ({ purpose, subject });

function ask(what = asked(), now = Date.now()): Promise<RequestQuestion> {
  return askForProof(newChallenge(what, now));
}

/** Adds a passkey by all that a browser would do. */
async function add(
  person: Person,
  authenticator = new Authenticator(origin),
  occasion: Occasion = "add",
  manner: Parameters<Authenticator["create"]>[1] = {},
) {
  const session = await sessionOf(person);
  await noteSecondFactor(session.id, db);
  const question = await askForPasskey(person, occasion, session.id);
  const json = authenticator.create(question, manner);
  const outcome = await addPasskey(session, occasion, json, newClient());
  return { outcome, json, session, question };
}

async function someoneWithPasskey(authenticator = new Authenticator(origin)) {
  const person = await newPerson();
  expect((await add(person, authenticator)).outcome).toEqual({ ok: true });
  return { person, authenticator };
}

const options = { isRemembered: false, previousSessionToken: null };

const logIn = (json: string, page = PAGE) => logInWithPasskey({ json, page }, options, newClient());

const resetLinkFor = ({ id: userId, emailCanonical }: Person) =>
  db.$transaction((tx) => makeLinkToken("reset-password", { userId, emailCanonical }, tx));

const sessionsOf = ({ id }: Person) => db.session.count({ where: { userId: id } });

const idOf = async ({ id: userId }: Person) => (await db.passkey.findFirstOrThrow({ where: { userId } })).id;

afterEach(async () => {
  await db.rateLimit.deleteMany();
  Object.assign(env(), { requireTwoFactor: false });
  Object.assign(env(), { requireVerifiedEmail: false });
});

describe("addPasskey", () => {
  it("keeps the public half, tells the owner, and says nothing of them to the device", async () => {
    const person = await newPerson();
    const { outcome, question, session } = await add(person);
    expect(outcome).toEqual({ ok: true });
    expect(question.user.id).toMatch(/^[\w-]{43}$/);
    expect(question.rp.id).toBe(env().publicUrl.hostname);
    expect(question.authenticatorSelection).toMatchObject({
      residentKey: "required",
      userVerification: "required",
    });
    expect(await eventsOf(person)).toEqual(["passkey-added"]);
    const [passkey] = await listPasskeys(person.id);
    expect(passkey).toMatchObject({ name: "Firefox on Linux", lastUsedAt: null, isBackedUp: true });
    const email = await emailTo(person.email, "passkey-added", mailbox);
    expect(email.text).toContain("This was not me");
    const again = await askForPasskey(person, "add", session.id);
    expect(again.user.id).toBe(question.user.id);
    expect(again.excludeCredentials?.map(({ id }) => id)).toEqual([passkey?.credentialId]);
  });

  itOnce.each([
    ["of another origin", { origin: "https://evil.example" }],
    ["for another site", { rpId: "evil.example" }],
    ["whose person was not verified", { isVerified: false }],
    ["made within a page of another site", { crossOrigin: true }],
  ])("refuses one %s", async (_what, manner) => {
    const person = await newPerson();
    expect((await add(person, new Authenticator(origin), "add", manner)).outcome).toEqual({
      ok: false,
      reason: "refused",
    });
    expect(await listPasskeys(person.id)).toEqual([]);
  });

  itOnce(
    "refuses an answer that is sent again, late, from another session or to another question",
    async () => {
      const person = await newPerson();
      const authenticator = new Authenticator(origin);
      const { json, session } = await add(person, authenticator);
      const send = (text: string) => addPasskey(session, "add", text, newClient());
      expect(await send(json)).toMatchObject({ reason: "question-over" });
      const other = new Authenticator(origin);
      const fresh = other.create(await askForPasskey(person, "add", session.id));
      const elsewhere = await addPasskey(await sessionOf(person), "add", fresh, newClient());
      expect(elsewhere).toMatchObject({ reason: "question-over" });
      const offered = other.create(await askForPasskey(person, "offer", session.id));
      expect(await send(offered)).toMatchObject({ reason: "question-over" });
      const challenge = Buffer.from(
        newChallenge(asked("add", session.id), Date.now() - CHALLENGE_MS),
      ).toString("base64url");
      const late = other.create(await askForPasskey(person, "add", session.id), { challenge });
      expect(await send(late)).toMatchObject({ reason: "question-over" });
      for (const nonsense of ["", "{", "null", "[]", '{"id":1}', fresh.slice(1), "x".repeat(100_000)])
        expect(await send(nonsense)).toEqual({ ok: false, reason: "refused" });
      expect(await listPasskeys(person.id)).toHaveLength(1);
    },
  );

  it("refuses a passkey that another account has, and more than an account may have", async () => {
    const { authenticator } = await someoneWithPasskey();
    const person = await newPerson();
    expect((await add(person, authenticator)).outcome).toEqual({ ok: false, reason: "taken" });
    const row = { userId: person.id, publicKey: "x", counter: 0, transports: "", aaguid: "", name: "x" };
    const flags = { isBackupEligible: false, isBackedUp: false, rpId: env().publicUrl.hostname };
    await db.passkey.createMany({
      data: Array.from({ length: PASSKEYS_MAX }, (_, index) => ({
        ...row,
        ...flags,
        credentialId: `${person.id}-${index}`,
      })),
    });
    expect((await add(person)).outcome).toEqual({ ok: false, reason: "too-many" });
  });

  itOnce("wants the second factor of an account that has one, and a session that goes on", async () => {
    const person = await newPerson();
    await giveApp(person);
    const session = await sessionOf(person);
    const make = async () => {
      const json = new Authenticator(origin).create(await askForPasskey(person, "add", session.id));
      return addPasskey(session, "add", json, newClient());
    };
    expect(await make()).toEqual({ ok: false, reason: "proof-needed" });
    await noteSecondFactor(session.id, db);
    expect(await make()).toEqual({ ok: true });
    await db.session.deleteMany({ where: { userId: person.id } });
    expect(await make()).toEqual({ ok: false, reason: "session-over" });
  });

  itOnce("is counted with the other changes of factors", async () => {
    const person = await newPerson();
    const outcomes = [];
    for (let time = 0; time <= FACTOR_CHANGE_LIMITS.perAccount; time++)
      outcomes.push((await add(person)).outcome);
    expect(outcomes.at(-2)).toEqual({ ok: true });
    expect(outcomes.at(-1)).toMatchObject({ reason: "throttled" });
    const before = await db.spentChallenge.count();
    expect((await add(person)).outcome).toMatchObject({ reason: "throttled" });
    expect(await db.spentChallenge.count(), "above the limit nothing is written of it").toBe(before);
  });

  itOnce(
    "takes one that a browser saved by itself unverified, once, and each login with it is verified",
    async () => {
      const person = await newPerson();
      expect(await isOfferDue(person.id)).toBe(true);
      expect(await Promise.all([takeOffer(person.id), takeOffer(person.id)])).toContain(false);
      expect(await isOfferDue(person.id)).toBe(false);
      const authenticator = new Authenticator(origin);
      const silent = { isVerified: false, isTouched: false };
      expect((await add(person, authenticator, "offer", silent)).outcome).toEqual({ ok: true });
      const email = await emailTo(person.email, "passkey-added", mailbox);
      expect(email.text, "as grave as of any other").toContain("If you did not, somebody else did");
      expect(await logIn(authenticator.get(await ask(), silent))).toEqual({ ok: false, reason: "refused" });
      expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true });
    },
  );
});

describe("a change of address that was asked for before", () => {
  const movingOf = ({ id: userId }: Person) =>
    db.$transaction((tx) =>
      makeLinkToken("change-email", { userId, emailCanonical: newEmail().toLowerCase() }, tx),
    );

  it("ends with a passkey that its owner adds", async () => {
    const person = await newPerson();
    const { token } = await movingOf(person);
    expect((await add(person)).outcome).toEqual({ ok: true });
    expect(await findLinkToken("change-email", token)).toBeNull();
  });

  itOnce("stays where the browser has saved one by itself", async () => {
    const person = await newPerson();
    const { token } = await movingOf(person);
    expect((await add(person, new Authenticator(origin), "offer")).outcome).toEqual({ ok: true });
    expect(await findLinkToken("change-email", token)).toMatchObject({ id: person.id });
  });
});

describe("logInWithPasskey", () => {
  it("counts as both factors, is noted, and the history says how", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    await giveApp(person);
    const outcome = await logIn(authenticator.get(await ask()));
    expect(outcome).toMatchObject({ ok: true, isLeaving: false });
    const row = await db.auditEvent.findFirstOrThrow({ where: { userId: person.id, event: "login" } });
    expect(row.how).toBe("passkey");
    const session = await db.session.findFirstOrThrow({
      where: { userId: person.id },
      orderBy: { createdAt: "desc" },
    });
    expect(session.secondFactorAt).not.toBeNull();
    expect((await listPasskeys(person.id))[0]?.lastUsedAt).not.toBeNull();
  });

  it("takes one answer once, however many come at once", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const before = await sessionsOf(person);
    const json = authenticator.get(await ask());
    const outcomes = await Promise.all([logIn(json), logIn(json), logIn(json)]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await logIn(json)).toEqual({ ok: false, reason: "question-over" });
    expect(await sessionsOf(person)).toBe(before + 1);
    expect(await purgeSpent(Date.now() + CHALLENGE_MS)).toBe(0);
    expect(await purgeSpent(Date.now() + 2 * CHALLENGE_MS)).toBeGreaterThan(0);
  });

  itOnce.each([
    ["of another origin", { origin: "https://evil.example" }],
    ["for another site", { rpId: "evil.example" }],
    ["whose person was not verified", { isVerified: false }],
    ["that nobody touched", { isTouched: false }],
    ["under another account's handle", { userHandle: "x".repeat(43) }],
    ["that does not say whose it is", { userHandle: null }],
    ["that has become another kind of passkey", { isEligible: false }],
    ["given within a page of another site", { crossOrigin: true }],
  ])("refuses an answer %s", async (_what, manner) => {
    const { person, authenticator } = await someoneWithPasskey();
    expect(await logIn(authenticator.get(await ask(), manner))).toEqual({ ok: false, reason: "refused" });
    if (_what !== "given within a page of another site")
      expect(await eventsOf(person), "its owner can see it").toContain("passkey-refused");
  });

  itOnce(
    "refuses an answer with another signature, late, from another page, or to another question",
    async () => {
      const { person, authenticator } = await someoneWithPasskey();
      const right = JSON.parse(authenticator.get(await ask()));
      const other = JSON.parse(authenticator.get(await ask()));
      const forged = { ...right, response: { ...right.response, signature: other.response.signature } };
      expect(await logIn(JSON.stringify(forged))).toEqual({ ok: false, reason: "refused" });
      const over = { ok: false, reason: "question-over" };
      expect(await logIn(authenticator.get(await ask()), "another")).toEqual(over);
      expect(await logIn(authenticator.get(await ask(asked(), Date.now() - CHALLENGE_MS)))).toEqual(over);
      for (const question of [asked("re-authenticate", person.id), asked("second-step", person.id)])
        expect(await logIn(authenticator.get(await ask(question)))).toEqual(over);
      const own = { ...(await ask()), challenge: Buffer.alloc(54).toString("base64url") };
      expect(await logIn(authenticator.get(own))).toEqual(over);
    },
  );

  itOnce("waits after as many right answers as right passwords, and not after wrong ones", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const { id } = person;
    const wrong = { isVerified: false };
    expect(await logIn(authenticator.get(await ask(), wrong))).toMatchObject({ reason: "refused" });
    expect(await db.rateLimit.count({ where: { key: { startsWith: `passkey:${id}` } } })).toBe(0);
    const json = authenticator.get(await ask());
    expect(await logIn(json)).toMatchObject({ ok: true });
    expect(await logIn(json), "a copy counts for nothing").toMatchObject({ reason: "question-over" });
    expect(await db.rateLimit.findUnique({ where: { key: `passkey:${id}` } })).toMatchObject({ points: 1 });
    await db.rateLimit.updateMany({
      where: { key: `passkey:${id}` },
      data: { points: LOGIN_LIMITS.loginsPerAccount },
    });
    expect(await logIn(authenticator.get(await ask()))).toMatchObject({ reason: "throttled" });
    const { token } = await resetLinkFor(person);
    await resetPassword({ token, password: NEW_PASSWORD }, newClient());
    expect(await logIn(authenticator.get(await ask())), "counted anew").toMatchObject({ ok: true });
    expect(await eraseAsOperator(person.email, person.username)).toMatchObject({ ok: true });
    expect(await db.rateLimit.count({ where: { key: { contains: id } } })).toBe(0);
  });

  itOnce("says of a passkey that no account has that it is unknown", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const session = await sessionOf(person);
    expect(await removePasskey(session, await idOf(person), newClient())).toEqual({ ok: true, hadIt: true });
    expect(await logIn(authenticator.get(await ask()))).toEqual({
      ok: false,
      reason: "unknown-passkey",
      wasOurs: true,
    });
    await emailTo(person.email, "passkey-removed", mailbox);
  });

  itOnce("says nothing to the browser of a passkey that a neighbour on this host may have", async () => {
    const person = await newPerson();
    const neighbours = new Authenticator(origin);
    const question = await askForPasskey(person, "add", person.id);
    neighbours.create({ ...question, user: { id: newToken() } });
    const unknown = { ok: false, reason: "unknown-passkey", wasOurs: false };
    expect(await logIn(neighbours.get(await ask()))).toEqual(unknown);
    expect(await logIn(neighbours.get(await ask(), { userHandle: null }))).toEqual(unknown);
  });

  itOnce(
    "tells the browser of no passkeys where the account came with a copy of another installation's database",
    async () => {
      const { person, authenticator } = await someoneWithPasskey();
      expect((await acceptedPasskeys(person.id, await listPasskeys(person.id)))?.ids).toEqual([
        authenticator.id,
      ]);
      await db.user.update({ where: { id: person.id }, data: { passkeyHandle: newToken() } });
      expect(await acceptedPasskeys(person.id, await listPasskeys(person.id))).toBeNull();
      const other = await newPerson();
      expect(await acceptedPasskeys(other.id, await listPasskeys(other.id))).toBeNull();
      const { passkeyHandle } = await db.user.findUniqueOrThrow({ where: { id: other.id } });
      expect(passkeyHandle, "looking makes none").toBeNull();
    },
  );

  it("refuses a copy that counts back, marks the passkey, and tells the owner once", async () => {
    const authenticator = new Authenticator(origin);
    authenticator.counts = true;
    const person = await newPerson();
    await add(person, authenticator, "add", { isEligible: false });
    await add(person);
    const copy = authenticator.copy();
    const show = async (key: Authenticator) => logIn(key.get(await ask(), { isEligible: false }));
    expect(await show(authenticator)).toMatchObject({ ok: true });
    expect(await show(copy)).toEqual({ ok: false, reason: "refused" });
    copy.counter -= 1;
    expect(await show(copy)).toEqual({ ok: false, reason: "refused" });
    const marks = (await listPasskeys(person.id)).map((one) => [one.credentialId, one.copiedAt !== null]);
    expect(new Map(marks as [string, boolean][]).get(authenticator.id)).toBe(true);
    expect(marks.filter(([, isMarked]) => isMarked)).toHaveLength(1);
    expect((await eventsOf(person)).filter((event) => event === "passkey-copied")).toHaveLength(2);
    const email = await emailTo(person.email, "passkey-copied", mailbox);
    expect(email.text).toContain("may have been let in before");
    expect(mailbox.to(person.email, "passkey-copied")).toHaveLength(1);
    expect(await show(authenticator)).toMatchObject({ ok: true });
  });

  itOnce(
    "takes one that can be on several devices whatever it counts: a restored one begins anew",
    async () => {
      const { person, authenticator } = await someoneWithPasskey();
      authenticator.counter = 5;
      expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true });
      authenticator.counter = 0;
      expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true });
      expect(await eventsOf(person)).not.toContain("passkey-copied");
    },
  );

  itOnce.each(["owner", "operator"] as const)("does not lead past a lock of the %s", async (by) => {
    const { person, authenticator } = await someoneWithPasskey();
    await db.$transaction((tx) => lock(person.id, by, tx));
    expect(await logIn(authenticator.get(await ask()))).toEqual({ ok: false, reason: "locked", by });
    expect(await sessionsOf(person)).toBe(0);
  });

  itOnce("does not lead past an address that has to be confirmed", async () => {
    const person = await newPerson({ isVerified: false });
    const authenticator = new Authenticator(origin);
    await add(person, authenticator);
    Object.assign(env(), { requireVerifiedEmail: true });
    expect(await logIn(authenticator.get(await ask()))).toEqual({ ok: false, reason: "unverified" });
  });

  itOnce("opens an account that is to be deleted as far as the page that asks", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const deleteAt = new Date(Date.now() + HOUR_MS);
    await db.user.update({ where: { id: person.id }, data: { deleteAt } });
    expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true, isLeaving: true });
  });
});

describe("a passkey beside a password", () => {
  /** Logs in with the password and answers what waits. */
  async function halfway(person: Person) {
    const login = await enter(person);
    if (login.ok || login.reason !== "second-factor") return expect.fail("it does not wait");
    return (await findPendingLogin(login.pending.token)) ?? expect.fail("nothing waits");
  }
  const finishing = { previousSessionToken: null, trustsBrowser: false };

  it("is the second step of a login that waits, of its own account and question alone", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    await giveApp(person);
    const pending = await halfway(person);
    const finish = (json: string) => finishLoginByPasskey(pending, json, finishing, newClient());
    const question = () => ask(asked("second-step", pending.id));
    expect(await finish(authenticator.get(await ask()))).toMatchObject({ reason: "question-over" });
    const stranger = await someoneWithPasskey();
    expect(await finish(stranger.authenticator.get(await question()))).toEqual({
      ok: false,
      reason: "refused",
    });
    const nameless = authenticator.get(await question(), { userHandle: null });
    expect(await finish(nameless)).toMatchObject({ ok: true });
    const row = await db.auditEvent.findFirstOrThrow({ where: { userId: person.id, event: "login" } });
    expect(row.how).toBe("password+passkey");
    expect(await finish(authenticator.get(await question()))).toEqual({ ok: false, reason: "refused" });
  });

  itOnce("ends what waits when it is removed", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    await giveApp(person);
    const pending = await halfway(person);
    const session = await sessionOf(person);
    await noteSecondFactor(session.id, db);
    await removePasskey(session, await idOf(person), newClient());
    const json = authenticator.get(await ask(asked("second-step", pending.id)));
    const outcome = await finishLoginByPasskey(pending, json, finishing, newClient());
    expect(outcome).toMatchObject({ ok: false });
  });

  itOnce("is asked for where a second factor is required, and alone is enough", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    expect(await hasSecondFactor(person.id)).toBe(false);
    Object.assign(env(), { requireTwoFactor: true });
    expect(await hasSecondFactor(person.id)).toBe(true);
    expect(await enter(person)).toMatchObject({ reason: "second-factor" });
    expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true });
    const session = await sessionOf(person);
    await noteSecondFactor(session.id, db);
    expect(await removePasskey(session, await idOf(person), newClient())).toEqual({
      ok: false,
      reason: "required",
    });
  });

  itOnce(
    "is set up in the midst of a login where a second factor is required, by that login, once",
    async () => {
      Object.assign(env(), { requireTwoFactor: true });
      const person = await newPerson();
      const [pending, other] = [await halfway(person), await halfway(person)];
      const make = async (of = pending) => {
        const authenticator = new Authenticator(origin);
        return { authenticator, json: authenticator.create(await askForPasskey(person, "add", of.id)) };
      };
      const finish = (json: string, of = pending) => finishByNewPasskey(of, json, finishing, newClient());
      const { authenticator, json } = await make();
      expect(await finish(json, other)).toEqual({ ok: false, reason: "question-over" });
      expect(await finish("")).toEqual({ ok: false, reason: "refused" });
      const late = await make();
      expect(await finish(json)).toMatchObject({ ok: true, login: { ok: true } });
      const row = await db.auditEvent.findFirstOrThrow({ where: { userId: person.id, event: "login" } });
      expect(row.how).toBe("password+passkey");
      await emailTo(person.email, "passkey-added", mailbox);
      for (const [of, made] of [
        [pending, late],
        [other, await make(other)],
      ] as const)
        expect(await finish(made.json, of), "it waits no more").toMatchObject({ reason: "session-over" });
      expect(await listPasskeys(person.id)).toHaveLength(1);
      const next = await halfway(person);
      const second = await make(next);
      expect(await finish(second.json, next), "it has one").toMatchObject({ reason: "session-over" });
      expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true });
    },
  );

  itOnce(
    "uses up none of the owner's changes of factors by the password alone, with an app or a passkey of another",
    async () => {
      const { person } = await someoneWithPasskey();
      await giveApp(person);
      const login = await enter(person);
      if (login.ok || login.reason !== "second-factor") return expect.fail("it does not wait");
      const pending = (await findPendingLogin(login.pending.token)) ?? expect.fail("nothing waits");
      const finish = { previousSessionToken: null, trustsBrowser: false };
      const secret = newSecret();
      const input = { secret, code: codeOf(secret, stepAt(Date.now())) };
      for (let change = 0; change < FACTOR_CHANGE_LIMITS.perAccount; change++) {
        const json = new Authenticator(origin).create(await askForPasskey(person, "add", pending.id));
        const byPasskey = await finishByNewPasskey(pending, json, finish, newClient());
        const byApp = await finishBySetUp(pending, input, finish, newClient());
        for (const outcome of [byPasskey, byApp])
          expect(outcome).toEqual({ ok: false, reason: "session-over" });
      }
      const session = await sessionOf(person);
      await noteSecondFactor(session.id, db);
      expect(await removePasskey(session, await idOf(person), newClient())).toMatchObject({ ok: true });
    },
  );

  it("proves again who is logged in, and nobody else", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const stranger = await someoneWithPasskey();
    const rest = { isVerified: true, name: null, pictureHash: null, hasFormerUsernames: false };
    const { id } = await sessionOf(person);
    const session = { id, user: { ...person, ...rest, createdAt: new Date() }, isRemembered: true };
    const prove = (json: string) => reAuthenticateByPasskey(session, null, json, newClient());
    const question = () => ask(asked("re-authenticate", session.id));
    const elsewhere = asked("re-authenticate", (await sessionOf(person)).id);
    expect(await prove(authenticator.get(await ask(elsewhere)))).toMatchObject({ reason: "question-over" });
    expect(await prove(stranger.authenticator.get(await question()))).toEqual({
      ok: false,
      reason: "refused",
    });
    expect(await prove(authenticator.get(await question()))).toMatchObject({
      ok: true,
      session: { isRemembered: true },
    });
    expect((await eventsOf(person)).at(-1)).toBe("re-authenticated");
  });
});

describe("removePasskey and renamePasskey", () => {
  it("keep the last way in, and let one of two go", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const session = await sessionOf(person);
    await db.user.update({ where: { id: person.id }, data: { passwordHash: null } });
    expect(await removePasskey(session, await idOf(person), newClient())).toEqual({
      ok: false,
      reason: "last-way-in",
    });
    const retired = { userId: person.id, type: "oauth", provider: "retired", providerAccountId: person.id };
    await db.account.create({ data: retired });
    expect(
      await removePasskey(session, await idOf(person), newClient()),
      "by a provider that the site does not offer nobody gets in",
    ).toMatchObject({ reason: "last-way-in" });
    const other = new Authenticator(origin);
    const first = await idOf(person);
    await add(person, other);
    await noteSecondFactor(session.id, db);
    expect(await removePasskey(session, first, newClient())).toEqual({ ok: true, hadIt: true });
    expect(await logIn(authenticator.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
    expect(await logIn(other.get(await ask()))).toMatchObject({ ok: true });
  });

  it("do nothing to what another account has", async () => {
    const { person } = await someoneWithPasskey();
    const stranger = await sessionOf(await newPerson());
    const id = await idOf(person);
    expect(await removePasskey(stranger, id, newClient())).toEqual({ ok: true, hadIt: false });
    const renamed = await renamePasskey(stranger, { id, name: "Mine" }, newClient());
    expect(renamed).toEqual({ ok: true, hadIt: false });
    await renamePasskey(await sessionOf(person), { id, name: "My key" }, newClient());
    expect((await listPasskeys(person.id)).map(({ name }) => name)).toEqual(["My key"]);
  });
});

describe("what an owner had no part in", () => {
  const linkFor = (
    { id: userId, emailCanonical }: Person,
    purpose: "lock-account" | "restore-email" | "reset-password" | "verify-email",
    more = {},
  ) => db.$transaction((tx) => makeLinkToken(purpose, { userId, emailCanonical, ...more }, tx));

  /** One from before an event of an hour ago, and one from after it. */
  async function twoPasskeys(person: Person) {
    const [older, newer] = [new Authenticator(origin), new Authenticator(origin)];
    await add(person, older);
    await db.passkey.updateMany({
      where: { userId: person.id },
      data: { createdAt: new Date(Date.now() - 2 * HOUR_MS) },
    });
    await add(person, newer);
    return { older, newer };
  }

  itOnce("ends the passkeys added since, by the link that locks", async () => {
    const person = await newPerson();
    const { older, newer } = await twoPasskeys(person);
    const { token } = await linkFor(person, "lock-account", { createdAt: new Date(Date.now() - HOUR_MS) });
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    expect(await logIn(newer.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
    expect(await logIn(older.get(await ask()))).toMatchObject({ reason: "locked" });
    expect((await emailTo(person.email, "factors-ended", mailbox)).text).toContain("the passkeys");
  });

  it("ends the passkey that an alert tells of, by that alert's own link", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const token = tokenIn(await emailTo(person.email, "passkey-added", mailbox));
    expect(await lockAccount(token, newClient())).toMatchObject({ ok: true });
    expect(await logIn(authenticator.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
  });

  itOnce("ends those added since a change of address, by the link that takes it back", async () => {
    const person = await newPerson();
    const { older, newer } = await twoPasskeys(person);
    const { token } = await linkFor(person, "restore-email", {
      address: person.email,
      createdAt: new Date(Date.now() - HOUR_MS),
    });
    await db.user.update({
      where: { id: person.id },
      data: { email: "thief@example.com", emailCanonical: `${person.id}@thief.example` },
    });
    expect(await restoreEmail(token, newClient())).toEqual({ ok: true });
    expect(await logIn(newer.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
    expect(await logIn(older.get(await ask()))).toMatchObject({ reason: "locked" });
  });

  itOnce("ends all of them where the account is locked from inside, or was never the owner's", async () => {
    const locked = await someoneWithPasskey();
    await lockOwnAccount(await sessionOf(locked.person), newClient());
    expect(await logIn(locked.authenticator.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
    await emailTo(locked.person.email, "passkeys-ended", mailbox);
    for (const purpose of ["reset-password", "verify-email"] as const) {
      const person = await newPerson({ isVerified: false });
      const authenticator = new Authenticator(origin);
      await add(person, authenticator);
      const { token } = await linkFor(person, purpose);
      await resetPassword({ token, password: NEW_PASSWORD, purpose }, newClient());
      expect(await logIn(authenticator.get(await ask())), purpose).toMatchObject({
        reason: "unknown-passkey",
      });
    }
  });

  itOnce(
    "ends also those from before a change of address, where a lock from inside takes the address back",
    async () => {
      const person = await newPerson();
      const { older, newer } = await twoPasskeys(person);
      await linkFor(person, "restore-email", {
        address: person.email,
        createdAt: new Date(Date.now() - HOUR_MS),
      });
      await db.user.update({
        where: { id: person.id },
        data: { email: "thief@example.com", emailCanonical: `${person.id}@thief.example` },
      });
      const outcome = await lockOwnAccount(await sessionOf(person), newClient());
      expect(outcome).toEqual({ ok: true, isAddressBack: true });
      for (const each of [older, newer])
        expect(await logIn(each.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
      await emailTo(person.email, "passkeys-ended", mailbox);
    },
  );

  itOnce(
    "ends none for a session whose proof is old: a thief with it and the mailbox would get past the second factor",
    async () => {
      const { person, authenticator } = await someoneWithPasskey();
      Object.assign(env(), { requireTwoFactor: true });
      const session = await sessionOf(person);
      const needed = { ok: false, reason: "proof-needed" };
      expect(await lockOwnAccount(session, newClient()), "no second factor").toEqual(needed);
      await noteSecondFactor(session.id, db);
      const longAgo = new Date(Date.now() - PROOF_MS);
      await db.session.update({ where: { id: session.id }, data: { createdAt: longAgo } });
      expect(await lockOwnAccount(session, newClient()), "no proof").toEqual(needed);

      const { token } = await linkFor(person, "reset-password");
      await resetPassword({ token, password: NEW_PASSWORD }, newClient());
      const login = await enter(person);
      if (login.ok || login.reason !== "second-factor") return expect.fail("it does not wait");
      const pending = (await findPendingLogin(login.pending.token)) ?? expect.fail("nothing waits");
      const secret = newSecret();
      const input = { secret, code: codeOf(secret, stepAt(Date.now())) };
      const options = { previousSessionToken: null, trustsBrowser: false };
      expect(await finishBySetUp(pending, input, options, newClient())).toEqual({
        ok: false,
        reason: "session-over",
      });
      expect(await logIn(authenticator.get(await ask())), "the owner's own works on").toMatchObject({
        ok: true,
      });
    },
  );

  itOnce(
    "lets a session lock the account, and no more, where a thief has set up what its owner does not have",
    async () => {
      const person = await newPerson();
      const session = await sessionOf(person);
      await giveApp(person);
      const { authenticator } = await passkeyOf(person);
      expect(await lockOwnAccount(session, newClient())).toEqual({ ok: false, reason: "proof-needed" });
      expect(await lockOwnAccount(session, newClient(), "lock")).toEqual({ ok: true, isAddressBack: false });
      expect(await logIn(authenticator.get(await ask()))).toEqual({
        ok: false,
        reason: "locked",
        by: "owner",
      });
      const token = tokenIn(await emailTo(person.email, "reset-password", mailbox));
      await resetPassword({ token, password: NEW_PASSWORD }, newClient());
      expect(await enter(person), "the mailbox gets past no factor").toMatchObject({
        reason: "second-factor",
      });
      expect(await db.passkey.count({ where: { userId: person.id } })).toBe(1);
    },
  );

  itOnce(
    "leaves passkeys to a new password of a confirmed address, and none to the operator's command",
    async () => {
      const { person, authenticator } = await someoneWithPasskey();
      const { token } = await linkFor(person, "reset-password");
      expect(await resetPassword({ token, password: NEW_PASSWORD }, newClient())).toMatchObject({
        hasPasskeys: true,
      });
      expect((await emailTo(person.email, "password-changed", mailbox)).text).toContain("still log in");
      expect(await logIn(authenticator.get(await ask()))).toMatchObject({ ok: true });
      expect(await resetFactorsAsOperator(person.email, newClient())).toMatchObject({ hadFactors: true });
      expect(await logIn(authenticator.get(await ask()))).toMatchObject({ reason: "unknown-passkey" });
    },
  );
});

describe("exportData", () => {
  itOnce("names passkeys, without what opens or follows anything", async () => {
    const { person, authenticator } = await someoneWithPasskey();
    const copy = await exportData(person.id, null, newClient());
    if (!copy.ok) return expect.fail("throttled");
    expect(copy.data.passkeys).toMatchObject([{ name: "Firefox on Linux", transports: "internal,hybrid" }]);
    const row = await db.passkey.findFirstOrThrow({ where: { userId: person.id } });
    for (const secret of [authenticator.id, row.publicKey])
      expect(JSON.stringify(copy.data)).not.toContain(secret);
  });
});
