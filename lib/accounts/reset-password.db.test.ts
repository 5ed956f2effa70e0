import { afterEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("../testing/mailbox")).startMailbox());

import { db } from "../platform/db";
import { findKnownBrowser } from "../security/known-browsers";
import { makeLinkToken } from "../security/link-tokens";
import { hashPool } from "../security/passwords/pool";
import { consumeLogin } from "../security/rate-limits/login-limits";
import { findSession, openSession } from "../security/sessions";
import { EMAIL_LIMITS, LOGIN_LIMITS } from "../shared/limits";
import { fillHashQueue } from "../testing/fill-hash-queue";
import { itOnce } from "../testing/it-once";
import {
  emailTo,
  enter,
  eventsOf,
  logIn,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  tokenIn,
} from "../testing/people";
import { lockAsOperator } from "./operator";
import { requestPasswordReset, resetPassword } from "./reset-password";

/** Asks for a link as a visitor does, and takes the token out of the email. */
async function askForLink(email: string): Promise<string> {
  expect(await requestPasswordReset({ email }, newClient())).toEqual({ ok: true });
  return tokenIn(await emailTo(email, "reset-password", mailbox));
}

/** What happens to a new password. */
const reset = (token: string, password = NEW_PASSWORD, client = newClient()) =>
  resetPassword({ token, password }, client);

afterEach(async () => {
  await db.outboxEmail.deleteMany();
  await db.rateLimit.deleteMany();
});

describe("requestPasswordReset", () => {
  it("writes to the address as its owner typed it, whatever case was asked with", async () => {
    const person = await newPerson();
    const { email } = person;
    await requestPasswordReset({ email: email.toUpperCase() }, newClient());
    const { text } = await emailTo(email, "reset-password", mailbox);
    expect(text).toContain("/reset-password?token=");
    expect(await eventsOf(person)).toEqual(["reset-requested"]);
  });

  itOnce("tells an address without an account that it has none, without a secret", async () => {
    const email = newEmail();
    expect(await requestPasswordReset({ email }, newClient())).toEqual({ ok: true });
    const { text } = await emailTo(email, "no-account", mailbox);
    expect(text).toContain("There is no account");
    expect(text).not.toContain("token");
  });

  itOnce.each(["known", "unknown"])(
    "stops after five emails an hour to one address, %s or not",
    async (kind) => {
      const email = kind === "known" ? (await newPerson()).email : newEmail();
      for (let count = 0; count < EMAIL_LIMITS.perAddress; count++)
        expect(await requestPasswordReset({ email }, newClient())).toEqual({ ok: true });
      const refused = await requestPasswordReset({ email }, newClient());
      expect(refused).toMatchObject({ ok: false, reason: "throttled" });
      expect(await db.outboxEmail.count()).toBe(EMAIL_LIMITS.perAddress);
    },
  );

  itOnce("stops after fifteen emails an hour from one network", async () => {
    const client = newClient();
    const ask = () => requestPasswordReset({ email: newEmail() }, client);
    for (let count = 0; count < EMAIL_LIMITS.perNetwork; count++) expect(await ask()).toEqual({ ok: true });
    expect(await ask()).toMatchObject({ ok: false, reason: "throttled" });
    expect(await requestPasswordReset({ email: "someone@example.com" }, newClient())).toEqual({ ok: true });
  });

  itOnce("changes nothing about the account", async () => {
    const { email } = await newPerson();
    await askForLink(email);
    expect(await logIn(email)).toMatchObject({ ok: true });
  });
});

describe("resetPassword", () => {
  it("sets the password, ends every session and tells the owner, whom it does not log in", async () => {
    const person = await newPerson();
    const { email } = person;
    const sessions = [
      (await openSession(person.id, false, newClient())).token,
      (await openSession(person.id, true, newClient())).token,
    ];
    const token = await askForLink(email);
    expect(await reset(token)).toMatchObject({ ok: true });

    for (const session of sessions) expect(await findSession(session)).toBeNull();
    expect(await db.session.count({ where: { userId: person.id } })).toBe(0);
    expect(await logIn(email, PASSWORD)).toMatchObject({ reason: "refused" });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
    const { text } = await emailTo(email, "password-changed", mailbox);
    expect(text).toContain("was changed");
    expect(text).toContain("Firefox on Linux");
    expect(text).toContain("/lock-account?token=");
    expect((await eventsOf(person)).slice(0, 2)).toEqual(["reset-requested", "password-reset"]);
  });

  itOnce(
    "finds a slot for the holder of a working link while strangers fill the hash queue, in any browser",
    async () => {
      const { email } = await newPerson();
      const token = await askForLink(email);
      const empty = fillHashQueue();
      try {
        await expect(logIn(email)).rejects.toThrow("Too many passwords");
        expect(await reset(token)).toMatchObject({ ok: true });
        await expect(reset(token), "spent: no slot is asked for").resolves.toMatchObject({ ok: false });
      } finally {
        empty();
      }
    },
  );

  it("works once and never again", async () => {
    const { email } = await newPerson();
    const token = await askForLink(email);
    expect(await reset(token)).toMatchObject({ ok: true });
    const again = await reset(token, PASSWORD);
    expect(again).toEqual({ ok: false, reason: "link-spent" });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ ok: true });
  });

  it("has one winner of four clicks at once", async () => {
    const { email } = await newPerson();
    const token = await askForLink(email);
    const passwords = [0, 1, 2, 3].map((n) => `${NEW_PASSWORD} ${n}`);
    const outcomes = await Promise.all(passwords.map((password) => reset(token, password)));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const winner = passwords[outcomes.findIndex(({ ok }) => ok)] ?? "";
    expect(await logIn(email, winner)).toMatchObject({ ok: true });
  });

  itOnce("opens an account shut by failures", async () => {
    const { email, emailCanonical } = await newPerson();
    const token = await askForLink(email);
    const client = newClient();
    for (let failure = 0; failure < LOGIN_LIMITS.failuresBeforeWait; failure++)
      await consumeLogin(emailCanonical, null, client);
    expect((await consumeLogin(emailCanonical, null, client)).ok).toBe(false);
    await reset(token, NEW_PASSWORD, client);
    expect(await logIn(email, NEW_PASSWORD, client)).toMatchObject({ ok: true });
  });

  itOnce("forgets the browsers that the account knew: a thief's may be one of them", async () => {
    const person = await newPerson();
    const login = await enter(person);
    const browserToken = login.ok ? login.browserToken : "";
    expect(await findKnownBrowser(person.emailCanonical, browserToken)).not.toBeNull();
    await reset(await askForLink(person.email));
    expect(await findKnownBrowser(person.emailCanonical, browserToken)).toBeNull();
  });

  itOnce("does not end an operator's lock, by email or by the operator's link", async () => {
    const { id, email, emailCanonical } = await newPerson();
    await lockAsOperator(email, newClient());
    const owner = { userId: id, emailCanonical, isMailed: false };
    const handed = await db.$transaction((tx) => makeLinkToken("reset-password", owner, tx));
    expect(await reset(handed.token, "the first new password")).toMatchObject({ ok: true });
    expect(await logIn(email, "the first new password")).toMatchObject({ reason: "locked", by: "operator" });
    expect(await reset(await askForLink(email))).toMatchObject({ ok: true });
    expect(await logIn(email, NEW_PASSWORD)).toMatchObject({ reason: "locked", by: "operator" });
  });

  itOnce("refuses a weak password and leaves the link alone", async () => {
    const { email } = await newPerson();
    const token = await askForLink(email);
    const weak = await reset(token, "sunshine");
    expect(weak).toMatchObject({ ok: false, reason: "weak-password" });
    const own = await reset(token, email);
    expect(own).toMatchObject({ ok: false, reason: "weak-password" });
    expect(await reset(token)).toMatchObject({ ok: true });
  });

  itOnce("hashes nothing for a link that does not work", async () => {
    const hash = vi.spyOn(hashPool(), "run");
    const outcome = await reset("A".repeat(43));
    expect(outcome).toEqual({ ok: false, reason: "link-spent" });
    expect(hash).not.toHaveBeenCalled();
  });

  itOnce("confirms the address by an emailed link, and not by a link the operator hands over", async () => {
    const [mailed, handed] = [await newPerson({ isVerified: false }), await newPerson({ isVerified: false })];
    const owner = { userId: handed.id, emailCanonical: handed.emailCanonical, isMailed: false };
    const { token } = await db.$transaction((tx) => makeLinkToken("reset-password", owner, tx));
    for (const link of [await askForLink(mailed.email), token])
      expect(await reset(link)).toMatchObject({ ok: true });
    const isVerified = async ({ id }: { id: string }) =>
      (await db.user.findUniqueOrThrow({ where: { id } })).emailVerified !== null;
    expect([await isVerified(mailed), await isVerified(handed)]).toEqual([true, false]);
  });
});
