import { afterEach, beforeEach, expect, vi } from "vitest";

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("@/lib/auth/log-in", () => ({ logIn: null, logOut: async () => jar.clear() })); // next-auth is not made for Node alone
vi.mock("@/lib/auth/providers/begin", () => ({ beginJourney: null })); // the same
vi.mock("next/headers", () => ({
  headers: async () => new Headers({ "next-action": "sent by a script" }),
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void jar.set(name, value),
  }),
}));

import { passkeyLoginAction } from "@/app/(auth)/login/passkey-actions";
import { resetPasswordAction } from "@/app/(auth)/reset-password/actions";
import { askForRequiredAction, askForSecondStepAction } from "@/app/(auth)/second-step/actions";
import { newPageMarks } from "@/lib/auth";
import { newToken } from "@/lib/platform/crypto/token";
import { db } from "@/lib/platform/db";
import { env } from "@/lib/platform/env";
import { makeLinkToken } from "@/lib/security/link-tokens";
import { askForProof } from "@/lib/security/passkeys/ceremony";
import { newChallenge } from "@/lib/security/passkeys/challenges";
import { openSession } from "@/lib/security/sessions";
import { type ActionState, idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { type AskAnswer, PASSKEY_FIELD, type RequestQuestion } from "@/lib/shared/passkeys";
import { loginPathFor, routes } from "@/lib/shared/routes";
import { connectionOf } from "@/lib/testing/connections";
import { itOnce as it } from "@/lib/testing/it-once";
import { passkeyOf } from "@/lib/testing/passkeys";
import { enter, NEW_PASSWORD, newClient, newPerson, PASSWORD, type Person } from "@/lib/testing/people";
import { giveApp } from "@/lib/testing/second-factors";
import { cookieNames } from "@/lib/web/cookies";
import { linkIdOf } from "@/lib/web/link-id";
import { changePasswordAction } from "../password/actions";
import { removePasskeyAction } from "./actions";
import { askForOfferedAction } from "./offer-actions";

let person: Person;
let passkey: Awaited<ReturnType<typeof passkeyOf>>;

beforeEach(async () => {
  jar.clear();
  person = await newPerson();
  passkey = await passkeyOf(person);
  jar.set(cookieNames.session(), (await openSession(person.id, false, newClient())).token);
});

afterEach(() => void Object.assign(env().features, { passkeys: true }));

function formWith(values: Record<string, string>): FormData {
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(person)))
    form.set(PAGE_FIELDS[mark as keyof typeof PAGE_FIELDS], value);
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  return form;
}

/** Sends a form of this person's, and answers the flash message. */
async function send(
  action: (state: ActionState, form: FormData) => Promise<ActionState>,
  values: Record<string, string>,
  leadsTo: string,
) {
  expect(await action(idle, formWith(values))).toEqual({ status: "done", goTo: leadsTo });
  return jar.get(cookieNames.flash());
}

function questionIn(answer: AskAnswer<RequestQuestion>): RequestQuestion {
  return answer && "question" in answer ? answer.question : expect.fail("nothing is asked");
}

it("leads from the last passkey to the account where the list went with it", async () => {
  await passkeyOf(person);
  Object.assign(env().features, { passkeys: false });
  const [one, other] = await db.passkey.findMany({ where: { userId: person.id }, select: { id: true } });
  const remove = (id = "", leadsTo: string) => send(removePasskeyAction, { id }, leadsTo);
  expect(await remove(one?.id, routes.accountPasskeys)).toBe("passkey-removed");
  expect(await remove(other?.id, routes.account)).toBe("passkey-removed");
});

it("offers a passkey once, on a page of the person who is logged in, after a proof of late", async () => {
  const where = { userId: person.id };
  await db.passkey.deleteMany({ where });
  const foreign = formWith({ [PAGE_FIELDS.reader]: newPageMarks(await newPerson()).reader });
  expect(await askForOfferedAction(foreign)).toBeNull();
  await db.session.updateMany({ where, data: { provenAt: new Date(0) } });
  expect(await askForOfferedAction(formWith({}))).toBeNull();
  await db.session.updateMany({ where, data: { provenAt: new Date() } });
  expect(await askForOfferedAction(formWith({}))).toHaveProperty("question");
  expect(await askForOfferedAction(formWith({}))).toBeNull();
});

it("says behind every new password that passkeys and connections still log in, and leads to them", async () => {
  const password = { password: NEW_PASSWORD, confirmation: NEW_PASSWORD };
  const changed = { currentPassword: PASSWORD, ...password };
  expect(await send(changePasswordAction, changed, routes.accountPassword)).toBe("new-password-but-passkeys");

  const { id: userId, emailCanonical } = person;
  const reset = async (leadsTo: string = routes.accountPasskeys) => {
    const { token } = await db.$transaction((tx) =>
      makeLinkToken("reset-password", { userId, emailCanonical }, tx),
    );
    jar.set(cookieNames.link(linkIdOf(token)), token);
    const values = { link: linkIdOf(token), ...password };
    return send(resetPasswordAction, values, loginPathFor(leadsTo));
  };
  expect(await reset()).toBe("password-reset-but-passkeys");
  await giveApp(person);
  expect(await reset(), "both are named").toBe("password-reset-but-factors");
  await connectionOf(person);
  const leadsTo = routes.accountConnections;
  expect(await reset(leadsTo), "all three").toBe("password-reset-but-factors-and-ways-in");
  await db.passkey.deleteMany({ where: { userId } });
  expect(await reset(leadsTo)).toBe("password-reset-but-factors-and-connections");
  await db.authenticator.deleteMany({ where: { userId } });
  expect(await reset(leadsTo)).toBe("password-reset-but-connections");

  jar.set(cookieNames.session(), (await openSession(userId, false, newClient())).token);
  const again = { currentPassword: NEW_PASSWORD, password: PASSWORD, confirmation: PASSWORD };
  expect(await send(changePasswordAction, again, routes.accountPassword)).toBe(
    "new-password-but-connections",
  );
});

it("lets the script tell the browser of a passkey that is gone, and never of a neighbour's", async () => {
  const show = async (handle: string | undefined) => {
    const form = formWith({});
    const subject = String(form.get(PAGE_FIELDS.secret));
    const question = await askForProof(newChallenge({ purpose: "log-in", subject }));
    const manner = handle === undefined ? {} : { userHandle: handle };
    form.set(PASSKEY_FIELD, passkey.authenticator.get(question, manner));
    return passkeyLoginAction(idle, form);
  };
  await db.passkey.deleteMany({ where: { userId: person.id } });
  expect(await show(undefined)).toMatchObject({
    status: "invalid",
    fieldErrors: { [PASSKEY_FIELD]: expect.stringContaining("not known here any more") },
  });
  expect(await show(newToken())).toMatchObject({ status: "failed" });
});

it("names no passkey to somebody who has typed the password alone", async () => {
  await giveApp(person);
  const login = await enter(person);
  if (login.ok || login.reason !== "second-factor") return expect.fail("it does not wait");
  jar.set(cookieNames.pendingLogin(), login.pending.token);
  const question = questionIn(await askForSecondStepAction(formWith({})));
  expect(question.allowCredentials ?? []).toEqual([]);
  const { id } = person;
  await db.user.update({ where: { id }, data: { passkeyHandle: null } });
  const onTheWay = formWith({ callbackUrl: "/account/data" });
  expect(await askForRequiredAction(onTheWay), "nothing is to be set up").toEqual({
    goTo: "/second-step?callbackUrl=%2Faccount%2Fdata",
  });
  expect(await db.user.findUnique({ where: { id }, select: { passkeyHandle: true } })).toEqual({
    passkeyHandle: null,
  });
});
