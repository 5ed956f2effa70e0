import { describe, expect, it } from "vitest";
import { asksOutdatedAction, findFormAction, readOutdatedForm } from "./outdated-form";

const [HERE, GONE] = [`60${"a".repeat(40)}`, `60${"b".repeat(40)}`];
const known = new Set([HERE]);

const typed = { email: "ada@example.com", password: "open-sesame 123", note: "é" };
const bound = (id: string) => ({ $ACTION_REF_1: "", "$ACTION_1:0": JSON.stringify({ id, bound: "$@1" }) });

function sent(fields: Record<string, string>, headers: Record<string, string> = {}): Request {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return new Request("http://localhost/login", { method: "POST", body, headers });
}

describe("readOutdatedForm", () => {
  it.each([
    ["named alone", { [`$ACTION_ID_${GONE}`]: "" }],
    ["with values bound to it", bound(GONE)],
  ])("gives back what was typed to an action that is gone, %s, and no password", async (_, action) => {
    const values = await readOutdatedForm(sent({ ...action, ...typed }), known);
    expect(values).toEqual({ email: typed.email, note: typed.note });
  });

  it("gives nothing back of what nobody types", async () => {
    const much = { ...bound(GONE), note: "a".repeat(20_000) };
    expect(await readOutdatedForm(sent(much), known)).toEqual({});
  });

  it.each([
    ["an action that is here", sent({ ...bound(HERE), ...typed })],
    ["no action", sent(typed)],
    ["what no build has called an action", sent({ ...bound("toString"), ...typed })],
    ["a form sent by a script", sent(bound(GONE), { "next-action": GONE })],
    ["a body that is no form", new Request("http://localhost/", { method: "POST", body: "{}" })],
    ["a visit", new Request("http://localhost/")],
  ])("leaves alone %s", async (_, request) => {
    expect(await readOutdatedForm(request, known)).toBeNull();
  });

  it("knows of no action in development", async () => {
    expect(await readOutdatedForm(sent(bound(GONE)), null)).toBeNull();
  });
});

describe("findFormAction", () => {
  it.each([
    ["here", bound(HERE), known],
    ["here", bound(GONE), null], // development knows of none
    ["gone", { [`$ACTION_ID_${GONE}`]: "" }, known],
    ["gone", { ...bound(HERE), [`$ACTION_ID_${GONE}`]: "" }, known],
    [null, {}, known],
  ])("says %s of a form, and leaves it to be read", async (expected, action, known) => {
    const request = sent({ ...action, ...typed });
    expect(await findFormAction(request, known)).toBe(expected);
    expect((await request.formData()).get("note")).toBe(typed.note);
  });

  it("leaves alone what a script sends, and what is no form", async () => {
    expect(await findFormAction(sent(bound(HERE), { "next-action": HERE }), known)).toBeNull();
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const broken = new Request("http://localhost/", { method: "POST", body: "{}", headers });
    expect(await findFormAction(broken, known)).toBeNull();
  });
});

describe("asksOutdatedAction", () => {
  it("is true for a script that asks for an action which is gone, and for nothing else", () => {
    const asks = (id: string) => asksOutdatedAction(sent({}, { "next-action": id }), known);
    expect([GONE, HERE, "__proto__", "0".repeat(41)].map(asks)).toEqual([true, false, false, false]);
    expect(asksOutdatedAction(sent(bound(GONE)), known)).toBe(false);
  });
});
