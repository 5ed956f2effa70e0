import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";

/** The cookies of this browser. */
const jar = vi.hoisted(() => new Map<string, string>());
vi.mock("next/headers", () => ({
  cookies: async () => ({
    get: (name: string) => (jar.has(name) ? { name, value: jar.get(name) } : undefined),
    set: (name: string, value: string) => void (value === "" ? jar.delete(name) : jar.set(name, value)),
  }),
}));

import { newToken } from "../platform/crypto/token";
import { db } from "../platform/db";
import { openSession, revokeSessions } from "../security/sessions";
import { failed } from "../shared/action-state";
import { PAGE_FIELDS } from "../shared/page-fields";
import { itOnce } from "../testing/it-once";
import { newClient, newPerson } from "../testing/people";
import { cookieNames, cookieOptions } from "./cookies";
import { setCookie } from "./set-cookie";
import { answerTwins, findTwinsAnswer } from "./twin-forms";

const [ONE, OTHER] = ["one secret, for this test and nothing else", "another secret, for this test as well"];

const disconnect: (() => Promise<void>)[] = [];

/** The function as an instance with these settings has it. */
async function instance(secret: string, previous: string) {
  vi.resetModules();
  vi.stubEnv("AUTH_SECRET", secret);
  vi.stubEnv("AUTH_SECRET_PREVIOUS", previous);
  const { db } = await import("../platform/db");
  disconnect.push(() => db.$disconnect());
  return (await import("./twin-forms")).answerTwins;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(async () => {
  for (const end of disconnect) await end();
});

function newForm(page = newToken()): FormData {
  const form = new FormData();
  form.set(PAGE_FIELDS.secret, page);
  form.set("username", "ada");
  return form;
}

describe("answerTwins", () => {
  itOnce(
    "works on a form once while AUTH_SECRET is changed, whichever instance each press comes to",
    async () => {
      const form = newForm();
      let count = 0;
      const work = async () => ({ status: "done" as const, goTo: `/${++count}` });
      const former = await instance(ONE, OTHER);
      expect(await former("register", form, work)).toEqual({ status: "done", goTo: "/1" });
      const changed = await instance(OTHER, ONE);
      expect(await changed("register", form, work)).toEqual({ status: "done", goTo: "/1" });
      expect(await changed("another action", form, work)).toEqual({ status: "done", goTo: "/2" });
      expect(await changed("register", newForm(), work)).toEqual({ status: "done", goTo: "/3" });
      form.set("username", "bob");
      expect(await changed("register", form, work)).toEqual({ status: "done", goTo: "/4" });
    },
  );

  const names = { session: cookieNames.session(), browser: cookieNames.browser() };

  /** Sends a form that gives this browser that session, or takes it (""), and leads on; twice or more. */
  async function give(token: string) {
    jar.clear();
    const form = newForm();
    const press = () =>
      answerTwins("log in", form, async () => {
        await setCookie(names.session, token, cookieOptions());
        await setCookie(names.browser, `known by ${token}`, cookieOptions());
        await setCookie("flash", "hello", cookieOptions());
        return { status: "done", goTo: "/" };
      });
    await press();
    return async () => {
      jar.delete("flash");
      expect(await press()).toEqual({ status: "done", goTo: "/" });
      expect(jar.get("flash")).toBe("hello");
      return { session: jar.get(names.session), browser: jar.get(names.browser) };
    };
  }

  const newSession = async (userId: string) => (await openSession(userId, false, newClient())).token;

  it("gives a second press the session of the first while that lives, in place of one that does not", async () => {
    const { id } = await newPerson();
    const token = await newSession(id);
    const pressAgain = await give(token);
    const given = { session: token, browser: `known by ${token}` };
    for (const before of [undefined, newToken(), token]) {
      jar.clear();
      if (before !== undefined) jar.set(names.session, before);
      expect(await pressAgain()).toEqual(given);
    }
  });

  itOnce("puts no session that has ended since in the place of one, and none at all", async () => {
    const { id } = await newPerson();
    const pressAgain = await give(await newSession(id));
    await revokeSessions(id, db);
    const mine = { session: await newSession(id), browser: "known by another token now" };
    jar.set(names.session, mine.session);
    jar.set(names.browser, mine.browser);
    expect(await pressAgain()).toEqual(mine);
    jar.clear();
    expect(await pressAgain()).toEqual({ session: undefined, browser: undefined });
  });

  itOnce.each(["another living one", ""])("leaves a living session in its place: %s", async (kept) => {
    const { id } = await newPerson();
    const pressAgain = await give(kept && (await newSession(id)));
    const mine = { session: await newSession(id), browser: "known by another token now" };
    jar.set(names.session, mine.session);
    jar.set(names.browser, mine.browser);
    expect(await pressAgain()).toEqual(mine);
  });

  itOnce("takes a session that has ended from a browser again", async () => {
    const pressAgain = await give("");
    jar.set(names.session, newToken());
    expect(await pressAgain()).toMatchObject({ session: undefined });
  });

  /** A form that is refused, and how often it was worked on. */
  function refusedForm(cookies: [string, string][], typed = "") {
    const form = newForm();
    form.set("bio", typed);
    let count = 0;
    const refuse = async () => {
      count++;
      await delay(200); // a password is compared
      for (const [name, value] of cookies) await setCookie(name, value, cookieOptions());
      return { ...failed("No.", form), retryAfterSeconds: 30 };
    };
    return { press: () => answerTwins("refused", form, refuse), form, count: () => count };
  }

  it("tells a refusal to a press that came meanwhile, and works on one that comes later", async () => {
    jar.clear();
    const { press, count } = refusedForm([["flash", "hello"]]);
    const [first, second] = await Promise.all([press(), press()]);
    expect(count()).toBe(1);
    expect(second).toEqual(first);
    expect(second).toMatchObject({ status: "failed", message: "No.", retryAfterSeconds: 30 });
    await press();
    expect(count()).toBe(2);
  });

  itOnce(
    "tells an answer that is bound by a cookie to the browser that has it, or the session that came of it",
    async () => {
      const { id } = await newPerson();
      const token = await newSession(id);
      const [form, half] = [newForm(), newToken()];
      let count = 0;
      const press = () =>
        answerTwins(
          "second step",
          form,
          async () => {
            if (++count > 1) return failed("It waits no more.", form);
            await setCookie("half", "", cookieOptions());
            await setCookie(names.session, token, cookieOptions());
            return { status: "done", goTo: "/" };
          },
          { boundBy: "half" },
        );
      jar.clear();
      jar.set("half", half);
      await press();
      for (const [name, value] of [
        ["half", half],
        [names.session, token],
      ] as const) {
        jar.clear();
        jar.set(name, value);
        expect(await press(), name).toEqual({ status: "done", goTo: "/" });
        expect(jar.get(names.session)).toBe(token);
      }
      for (const name of ["nothing of ours", "half", names.session]) {
        jar.clear();
        jar.set(name, newToken());
        expect(await findTwinsAnswer("second step", form)).toBeNull();
        expect(await press()).toMatchObject({ status: "failed" });
        expect(jar.get(names.session)).not.toBe(token);
      }
    },
  );

  itOnce("keeps no long refusal", async () => {
    const { press, count } = refusedForm([], "x".repeat(17 * 1024));
    await Promise.all([press(), press()]);
    expect(count()).toBe(2);
  });

  itOnce(
    "tells a refusal that gives another session to whoever comes with the former one, and to nobody else",
    async () => {
      const { id } = await newPerson();
      const token = await newSession(id);
      jar.clear();
      const { press, form, count } = refusedForm([[names.session, token]]);
      await press();
      for (const before of [undefined, newToken()]) {
        jar.clear();
        if (before !== undefined) jar.set(names.session, before);
        expect(await findTwinsAnswer("refused", form)).toMatchObject({ message: "No." });
        expect(jar.get(names.session)).toBe(token);
      }
      jar.clear();
      await press();
      expect([count(), jar.get(names.session)]).toEqual([1, token]);
      await press(); // sees the refusal, and asks again
      expect(count()).toBe(2);
      await revokeSessions(id, db);
      jar.clear();
      expect(await findTwinsAnswer("refused", form)).toBeNull();
    },
  );
});
