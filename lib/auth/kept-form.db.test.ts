import { beforeEach, describe, expect, it, vi } from "vitest";

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
/** What this browser asks for. */
const asked = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock("./log-in", () => ({ logIn: null, logOut: null })); // next-auth is not made for Node alone
vi.mock("next/headers", () => ({
  headers: async () => asked.headers,
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void (value === "" ? jar.delete(name) : jar.set(name, value)),
  }),
}));

import { purge } from "../accounts/clean-up";
import { db } from "../platform/db";
import { openSession } from "../security/sessions";
import { KEPT_FORM_LIMITS, KEPT_FORM_MAX_BYTES, KEPT_FORM_S, KEPT_FORMS_MAX } from "../shared/limits";
import { FORM_FIELD, PAGE_FIELDS, type PageMarks } from "../shared/page-fields";
import { reAuthenticatePathFor, routes, sessionEndedPathFor } from "../shared/routes";
import { MINUTE_MS, SECOND_MS } from "../shared/units";
import { describeOnce, itOnce } from "../testing/it-once";
import { newClient, newPerson, type Person } from "../testing/people";
import { goTo } from "../web/action";
import { cookieNames } from "../web/cookies";
import { ACTION_HEADER, writePageRequest } from "../web/internal-headers";
import { newPageMarks, runProvenAction, runUserAction, takeTyped } from ".";
import { writeSessionCookie } from "./session-cookie";

const PAGE = "/projects/new?template=2";
const TYPED = { title: "A bridge over the river", notes: "three spans\r\nof oak" };

/** The browser asks for a page, or sends a form to it. */
function ask(path: string, isShown: boolean): void {
  asked.headers = new Headers(isShown ? {} : { [ACTION_HEADER]: "sent by a script" });
  writePageRequest(asked.headers, {
    requestId: "a request",
    path,
    flash: null,
    isShown,
    adoptsBrowser: false,
    typed: null,
    codes: null,
  });
}

/** The page's form, as it was made for somebody; null: for a visitor. */
function formFor(person: Person | null, fields: Record<string, string | File> = TYPED, name = ""): FormData {
  const form = new FormData();
  for (const [mark, value] of Object.entries(newPageMarks(person)))
    form.set(PAGE_FIELDS[mark as keyof PageMarks], value);
  form.set(FORM_FIELD, name);
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  return form;
}

const work = vi.fn(async () => goTo("/projects"));

/** Presses the button of a form of a clone's own. */
function press(form: FormData, page = PAGE) {
  ask(page, false);
  return runUserAction("add-project", form, work);
}

/** Opens a page, as somebody who is logged in. */
function open(person: Person, page = PAGE) {
  ask(page, true);
  return takeTyped(person);
}

async function logIn({ id }: Person): Promise<void> {
  await writeSessionCookie(await openSession(id, false, newClient()), "a browser");
}

async function endSessions({ id }: Person): Promise<void> {
  await db.session.deleteMany({ where: { userId: id } });
}

const rows = () => db.keptForm.findMany();

let [ada, bob] = [{} as Person, {} as Person];

beforeEach(async () => {
  jar.clear();
  work.mockClear();
  await db.keptForm.deleteMany();
  [ada, bob] = await Promise.all([newPerson(), newPerson()]);
});

describe("a form sent after its session has ended", () => {
  it("is not worked on, and what was typed is on its page after the login, once", async () => {
    await logIn(ada);
    await endSessions(ada);
    expect(await press(formFor(ada, TYPED, "project"))).toEqual(goTo(sessionEndedPathFor(PAGE)));
    expect(work).not.toHaveBeenCalled();
    await logIn(ada);
    expect(await open(ada)).toMatchObject({ form: "project", values: TYPED });
    expect(await open(ada)).toBeNull();
  });

  itOnce("waits for its own page, and is not used up by an answer that nobody sees", async () => {
    await press(formFor(ada));
    for (const other of ["/", "/projects/new", "/projects/new?template=3", routes.account])
      expect(await open(ada, other), other).toBeNull();
    ask(PAGE, false);
    expect(await takeTyped(ada)).toBeNull();
    expect(await open(ada)).toMatchObject({ values: TYPED });
  });

  it("is shown to one of two tabs that open its page at once", async () => {
    await press(formFor(ada));
    ask(PAGE, true);
    const shown = await Promise.all([takeTyped(ada), takeTyped(ada)]);
    expect(shown.filter((kept) => kept !== null)).toHaveLength(1);
  });

  itOnce("is kept beside one of another page, and the newest of one page", async () => {
    await press(formFor(ada, { title: "first" }));
    await press(formFor(ada, { title: "of another page" }), "/projects/7");
    await press(formFor(ada, { title: "second" }));
    expect(await rows()).toHaveLength(2);
    expect(await open(ada)).toMatchObject({ values: { title: "second" } });
    expect(await open(ada, "/projects/7")).toMatchObject({ values: { title: "of another page" } });
  });

  it("is kept once where its button is pressed several times at once", async () => {
    await press(formFor(ada, { title: "of another page" }), "/projects/7"); // so the browser has its token
    const answers = await Promise.all(Array.from({ length: 4 }, () => press(formFor(ada))));
    expect(answers).toEqual(Array(4).fill(goTo(sessionEndedPathFor(PAGE))));
    expect(await rows()).toHaveLength(2);
    expect(await open(ada)).toMatchObject({ values: TYPED });
  });

  itOnce("brings no password and no file back", async () => {
    const secrets = { password: "open-sesame", currentPassword: "open-sesame", proof: "open-sesame" };
    await press(formFor(ada, { ...TYPED, ...secrets, plan: new File(["a drawing"], "plan.txt") }));
    expect((await open(ada))?.values).toEqual(TYPED);
  });

  itOnce("is in no row as it was typed, and in none that the database's own keys open", async () => {
    await press(formFor(ada));
    const kept = JSON.stringify(await rows());
    const bytes = (await rows()).map(({ sealed }) => Buffer.from(sealed, "base64url").toString("latin1"));
    for (const text of [...Object.values(TYPED), "/projects", ada.id, jar.get(cookieNames.kept()) ?? ""]) {
      expect(kept).not.toContain(text);
      expect(bytes.join()).not.toContain(text);
    }
  });
});

describeOnce("somebody else in the same browser", () => {
  it("sees nothing, and after their login it is gone for the first one too", async () => {
    await press(formFor(ada));
    await logIn(bob);
    expect(await rows()).toEqual([]);
    expect(jar.has(cookieNames.kept())).toBe(false);
    expect(await open(bob)).toBeNull();
    expect(await open(ada)).toBeNull();
  });

  it("sees nothing and leaves nothing where their session came without a login here", async () => {
    await press(formFor(ada));
    await press(formFor(bob, { title: "of bob" }), "/projects/7");
    expect(await open(bob)).toBeNull();
    expect(await open(bob, "/projects/7")).toMatchObject({ values: { title: "of bob" } });
    expect(await open(ada)).toBeNull();
  });

  it("keeps nothing with a page that was made for the first one", async () => {
    await logIn(bob);
    expect(await press(formFor(ada))).toMatchObject({ status: "failed" });
    expect(await rows()).toEqual([]);
  });
});

describeOnce("nothing is kept", () => {
  const forged = (mark: string) => {
    const form = formFor(ada);
    form.set(PAGE_FIELDS.reader, mark);
    return form;
  };
  const proofOf = (person: Person) => newPageMarks(person).reader.split(".")[1];

  it.each<[string, () => FormData]>([
    ["a page that was made for a visitor", () => formFor(null)],
    ["a mark that was made up", () => forged(`${"A".repeat(22)}.${"A".repeat(22)}`)],
    ["a mark without its proof", () => forged(newPageMarks(ada).reader.split(".")[0] ?? "")],
    [
      "a mark with another's proof",
      () => forged(newPageMarks(ada).reader.replace(/\..*/, `.${proofOf(bob)}`)),
    ],
    ["a form with nothing in it", () => formFor(ada, { title: " ", password: "open-sesame" })],
    ["more than a person types", () => formFor(ada, { notes: "a".repeat(KEPT_FORM_MAX_BYTES) })],
    ["more than that in bytes", () => formFor(ada, { notes: "橋".repeat(KEPT_FORM_MAX_BYTES / 3) })],
    ["a mark with something behind it", () => forged(`${newPageMarks(ada).reader}.1`)],
    [
      "a button, which has nothing to fill in",
      () => {
        const form = formFor(ada, { project: "7" });
        form.delete(FORM_FIELD);
        return form;
      },
    ],
  ])("of %s", async (_, make) => {
    expect(await press(make())).toEqual(goTo(sessionEndedPathFor(PAGE)));
    expect(await rows()).toEqual([]);
    expect(jar.size).toBe(0);
  });

  it.each([reAuthenticatePathFor(routes.accountData), routes.login, "//evil.example/", "/\\evil.example"])(
    "of %s, which no login leads back to",
    async (page) => {
      await press(formFor(ada), page);
      expect(await rows()).toEqual([]);
    },
  );

  it("of an account that has had its number, and no login is refused for it", async () => {
    for (let count = 0; count <= KEPT_FORM_LIMITS.perAccount; count++) {
      jar.clear(); // another browser
      await press(formFor(ada), `/projects/${count}`);
    }
    expect(await rows()).toHaveLength(KEPT_FORM_LIMITS.perAccount);
    expect(await press(formFor(ada), "/projects/x")).toMatchObject({ status: "done" });
    await press(formFor(bob));
    expect(await rows()).toHaveLength(KEPT_FORM_LIMITS.perAccount + 1);
  });
});

describe("the forms of one browser", () => {
  it("are five, and the oldest makes room for a new one", async () => {
    for (let count = 0; count <= KEPT_FORMS_MAX; count++) {
      await press(formFor(ada, { title: String(count) }), `/projects/${count}`);
      const expiresAt = new Date(Date.now() + (KEPT_FORM_S - 60 + count) * SECOND_MS);
      const newest = await db.keptForm.findFirst({ orderBy: { expiresAt: "desc" } });
      await db.keptForm.updateMany({ where: { pageHash: newest?.pageHash }, data: { expiresAt } });
    }
    expect(await rows()).toHaveLength(KEPT_FORMS_MAX);
    expect(await open(ada, "/projects/0")).toBeNull();
    for (let count = 1; count <= KEPT_FORMS_MAX; count++)
      expect(await open(ada, `/projects/${count}`)).toMatchObject({ values: { title: String(count) } });
  });

  itOnce("are read by the page of the one alone, and of other people's nothing is opened", async () => {
    await press(formFor(ada));
    await press(formFor(bob, { title: "of bob" }), "/projects/7");
    await db.keptForm.updateMany({ data: { sealed: "cannot be opened" } });
    expect(await open(bob, "/projects")).toBeNull();
    expect(await rows()).toHaveLength(1);
    expect(await open(ada, "/projects")).toBeNull();
    expect(await rows()).toEqual([]);
  });
});

describeOnce("the browser's own token", () => {
  it("opens what is kept, and no other browser has it", async () => {
    await press(formFor(ada));
    const token = jar.get(cookieNames.kept()) ?? "";
    for (const other of [undefined, "", "x", `${token.slice(1)}A`, "A".repeat(43)]) {
      jar.clear();
      if (other !== undefined) jar.set(cookieNames.kept(), other);
      expect(await open(ada)).toBeNull();
    }
    jar.set(cookieNames.kept(), token);
    expect(await open(ada)).toMatchObject({ values: TYPED });
  });

  it("is never one that the browser has brought along", async () => {
    const chosen = "A".repeat(43);
    jar.set(cookieNames.kept(), chosen);
    await press(formFor(ada));
    expect(jar.get(cookieNames.kept())).not.toBe(chosen);
    expect(await open(ada)).toMatchObject({ values: TYPED });
  });
});

it("is over after half an hour, and its row goes", async () => {
  await press(formFor(ada));
  expect(KEPT_FORM_S).toBe(1800);
  await purge(Date.now() + KEPT_FORM_S * SECOND_MS - MINUTE_MS);
  expect(await rows()).toHaveLength(1);
  await db.keptForm.updateMany({ data: { expiresAt: new Date(Date.now() - SECOND_MS) } });
  expect(await open(ada)).toBeNull();
  await purge();
  expect(await rows()).toEqual([]);
});

itOnce("is kept as well where a proof is wanted of somebody who has no password to type", async () => {
  await logIn(ada);
  await db.user.update({ where: { id: ada.id }, data: { passwordHash: null } });
  const late = new Date(Date.now() - 15 * MINUTE_MS);
  await db.session.updateMany({ where: { userId: ada.id }, data: { createdAt: late, provenAt: late } });
  ask(PAGE, false);
  const answer = await runProvenAction("add-project", formFor(ada), work);
  expect(answer).toEqual(goTo(reAuthenticatePathFor(PAGE)));
  expect(work).not.toHaveBeenCalled();
  await logIn(ada);
  expect(await open(ada)).toMatchObject({ values: TYPED });
});
