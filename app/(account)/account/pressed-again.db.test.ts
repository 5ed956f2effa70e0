import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";

const mailbox = await vi.hoisted(async () => (await import("@/lib/testing/mailbox")).startMailbox());

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({ logIn: null, logOut: async () => jar.clear() })); // next-auth is not made for Node alone
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import { changeEmail, requestEmailChange } from "@/lib/accounts/change-email";
import { newPageMarks } from "@/lib/auth";
import { hashToken } from "@/lib/platform/crypto/token";
import { db } from "@/lib/platform/db";
import { PROOF_MS } from "@/lib/security/session-proof";
import { openSession } from "@/lib/security/sessions";
import { type ActionState, idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { reAuthenticatePathFor, routes } from "@/lib/shared/routes";
import { itOnce } from "@/lib/testing/it-once";
import {
  emailTo,
  enter,
  eventsOf,
  loggedInAs,
  NEW_PASSWORD,
  newClient,
  newEmail,
  newPerson,
  PASSWORD,
  type Person,
  tokenIn,
} from "@/lib/testing/people";
import { giveApp } from "@/lib/testing/second-factors";
import { cookieNames } from "@/lib/web/cookies";
import { changeUsernameAction } from "./actions";
import { lockOwnAccountAction } from "./history/not-me/actions";
import { changePasswordAction } from "./password/actions";
import { endOtherSessionsAction, endSessionAction, forgetBrowserAction } from "./sessions/actions";

type Action = (state: ActionState, form: FormData) => Promise<ActionState>;

let person: Person;

/** Logs this browser in, as the form does. */
async function logInHere(): Promise<string> {
  const { token } = await openSession(person.id, false, newClient());
  jar.set(cookieNames.session(), token);
  return token;
}

const logInElsewhere = () => openSession(person.id, false, newClient());

const sessionsOf = ({ id }: Person) => db.session.count({ where: { userId: id } });

const browsersOf = ({ id }: Person) => db.knownBrowser.findMany({ where: { userId: id } });

/** A form of one page; each press sends the same and answers with the flash message. */
function formOf(action: Action, values: Record<string, string> = {}, leadsTo: unknown = expect.any(String)) {
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(person)))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  return async () => {
    jar.delete(cookieNames.flash());
    expect(await action(idle, form)).toEqual({ status: "done", goTo: leadsTo });
    return jar.get(cookieNames.flash());
  };
}

beforeEach(async () => {
  jar.clear();
  person = await newPerson();
  await logInHere();
});

describe("endOtherSessionsAction", () => {
  itOnce(
    "ends what was opened since when it is pressed again, and a double press is told of the first",
    async () => {
      await logInElsewhere();
      const press = formOf(endOtherSessionsAction);
      expect([await press(), await press()]).toEqual(["other-sessions-over", "other-sessions-over"]);
      await logInElsewhere();
      expect(await press()).toBe("other-sessions-over");
      expect(await sessionsOf(person)).toBe(1);
      expect((await eventsOf(person)).filter((event) => event === "other-sessions-ended")).toHaveLength(2);
    },
  );

  itOnce("ends them by a form that had nothing to do at first", async () => {
    const press = formOf(endOtherSessionsAction);
    expect(await press()).toBe("no-other-session");
    await logInElsewhere();
    expect(await press()).toBe("other-sessions-over");
    expect(await sessionsOf(person)).toBe(1);
  });

  it("ends them once for several presses at the same moment, and leaves this one", async () => {
    const mine = jar.get(cookieNames.session()) ?? "";
    await logInElsewhere();
    const press = formOf(endOtherSessionsAction);
    await Promise.all([press(), press(), press()]);
    const left = await db.session.findMany({ where: { userId: person.id }, select: { tokenHash: true } });
    expect(left).toEqual([{ tokenHash: hashToken(mine) }]);
    expect((await eventsOf(person)).filter((event) => event === "other-sessions-ended")).toHaveLength(1);
  });
});

describe("changeUsernameAction", () => {
  itOnce("says that the former name is kept where there is one, and not of another spelling", async () => {
    const name = `a${randomUUID().replaceAll("-", "").slice(0, 12)}`;
    const data = { username: name, usernameCanonical: name };
    await db.user.update({ where: { id: person.id }, data, select: { id: true } });
    expect(await formOf(changeUsernameAction, { username: name.toUpperCase() })()).toBe("username-respelt");
    expect(await formOf(changeUsernameAction, { username: `${name}.b` })()).toBe("username-changed");
  });
});

describe("endSessionAction", () => {
  itOnce("tells a double press that the session is over, and ends no other", async () => {
    const { token } = await logInElsewhere();
    const { id } = await db.session.findUniqueOrThrow({ where: { tokenHash: hashToken(token) } });
    await logInElsewhere();
    const press = formOf(endSessionAction, { id });
    expect([await press(), await press()]).toEqual(["session-over", "session-over"]);
    expect(await sessionsOf(person)).toBe(2);
    expect(await formOf(endSessionAction, { id })()).toBe("session-gone");
  });
});

describe("forgetBrowserAction", () => {
  itOnce("forgets a browser again that has become known under the same id since", async () => {
    await enter(person);
    const [browser] = await browsersOf(person);
    if (!browser) return expect.fail("no browser is known");
    const press = formOf(forgetBrowserAction, { id: browser.id });
    expect([await press(), await press()]).toEqual(["browser-is-forgotten", "browser-is-forgotten"]);
    await db.knownBrowser.create({ data: browser });
    expect(await press()).toBe("browser-is-forgotten");
    expect(await browsersOf(person)).toEqual([]);
  });

  itOnce.each([
    ["who they are", () => db.session.updateMany({ data: { createdAt: new Date(Date.now() - PROOF_MS) } })],
    ["that they have their second factor", () => giveApp(person)],
  ])("forgets none for somebody who has not proven lately %s", async (_, happens) => {
    await enter(person);
    const [browser] = await browsersOf(person);
    await happens();
    await formOf(
      forgetBrowserAction,
      { id: browser?.id ?? "" },
      reAuthenticatePathFor(routes.accountSessions),
    )();
    expect(await browsersOf(person)).toEqual([browser]);
    expect(await eventsOf(person)).not.toContain("browser-forgotten");
  });
});

describe("an action that asks for the password, pressed twice and refused", () => {
  /** As {@link formOf}, by two requests that came with the session there was before. */
  function twice(action: Action, values: Record<string, string>) {
    const form = new FormData();
    for (const [mark, value] of Object.entries(newPageMarks(person)))
      form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
    for (const [name, value] of Object.entries(values)) form.set(name, value);
    return () => action(idle, form);
  }

  const NAME_TAKEN = { username: "That username is taken. Please choose a different one." };

  itOnce(
    "gives both presses the one session that came with the proof, whenever the second comes",
    async () => {
      const longAgo = new Date(Date.now() - PROOF_MS);
      await db.session.updateMany({ where: { userId: person.id }, data: { createdAt: longAgo } });
      const { username } = await newPerson();
      const name = username.slice(0, 20);
      await db.user.updateMany({
        where: { username },
        data: { username: name, usernameCanonical: name.toLowerCase() },
      });
      const former = jar.get(cookieNames.session()) ?? "";
      const press = twice(changeUsernameAction, { username: name, proof: PASSWORD });
      const answers = await Promise.all([press(), press()]);
      const given = jar.get(cookieNames.session());
      jar.set(cookieNames.session(), former);
      answers.push(await press());
      for (const answer of answers)
        expect(answer).toMatchObject({ status: "invalid", fieldErrors: NAME_TAKEN });
      expect(jar.get(cookieNames.session())).toBe(given);
      expect(given).not.toBe(former);
      expect(await sessionsOf(person)).toBe(1);
      expect((await eventsOf(person)).filter((event) => event === "re-authenticated")).toHaveLength(1);
    },
  );

  itOnce("counts one wrong password", async () => {
    const values = { currentPassword: "a wrong guess", password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
    const press = twice(changePasswordAction, values);
    for (const answer of await Promise.all([press(), press()]))
      expect(answer).toMatchObject({ fieldErrors: { currentPassword: "That is not your password." } });
    expect((await eventsOf(person)).filter((event) => event === "login-failed")).toHaveLength(1);
    await press();
    expect((await eventsOf(person)).filter((event) => event === "login-failed")).toHaveLength(2);
  });
});

describe("lockOwnAccountAction", () => {
  const isLocked = async ({ id }: Person) =>
    (await db.user.count({ where: { id, lockedByOwnerAt: { not: null } } })) === 1;

  it("locks once by a double press, and again once the account was unlocked", async () => {
    const press = formOf(lockOwnAccountAction);
    expect(await Promise.all([press(), press()])).toContain("account-locked");
    expect(await press(), "the session of both is over").toBe("account-locked");
    expect((await eventsOf(person)).filter((event) => event === "account-locked-inside")).toHaveLength(1);
    await db.user.update({ where: { id: person.id }, data: { lockedByOwnerAt: null } });
    await logInHere();
    expect(await press()).toBe("account-locked");
    expect(await isLocked(person)).toBe(true);
    expect(await sessionsOf(person)).toBe(0);
    await emailTo(person.email, "reset-password", mailbox, 2);
    expect(mailbox.to(person.email, "reset-password")).toHaveLength(2);
  });

  itOnce("gives a former address back only for somebody who has proven lately who they are", async () => {
    const email = newEmail();
    await requestEmailChange(person, { email, password: PASSWORD }, newClient());
    const token = tokenIn(await emailTo(email, "change-email", mailbox));
    expect(await changeEmail(token, loggedInAs(person), newClient())).toMatchObject({ ok: true });
    const longAgo = new Date(Date.now() - PROOF_MS);
    await db.session.updateMany({ where: { userId: person.id }, data: { createdAt: longAgo } });
    const press = formOf(lockOwnAccountAction, {}, reAuthenticatePathFor(routes.accountNotMe));
    await press();
    expect(await isLocked(person)).toBe(false);
    expect(await sessionsOf(person)).toBe(1);

    await db.session.updateMany({ where: { userId: person.id }, data: { provenAt: new Date() } });
    expect(await formOf(lockOwnAccountAction, {}, routes.login)()).toBe("email-restored");
    const { email: now } = await db.user.findUniqueOrThrow({
      where: { id: person.id },
      select: { email: true },
    });
    expect(now).toBe(person.email);
  });

  itOnce(
    "locks an account whose address is its first, however long ago its person has proven who they are",
    async () => {
      const longAgo = new Date(Date.now() - PROOF_MS);
      await db.session.updateMany({ where: { userId: person.id }, data: { createdAt: longAgo } });
      expect(await formOf(lockOwnAccountAction)()).toBe("account-locked");
    },
  );
});
