import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { newToken } from "../platform/crypto/token";
import { PAGE_FIELDS } from "../shared/page-fields";

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
  it("works on a form once while AUTH_SECRET is changed, whichever instance each press comes to", async () => {
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
  });
});
