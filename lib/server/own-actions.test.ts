import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { keepActionsAtTheirPages } from "./own-actions";

const original = globalThis.fetch;
const sent = vi.fn(async () => new Response("elsewhere"));

beforeAll(() => {
  globalThis.fetch = sent;
  keepActionsAtTheirPages();
  keepActionsAtTheirPages();
});

afterAll(() => {
  globalThis.fetch = original;
});

describe("keepActionsAtTheirPages", () => {
  it("answers what Next would send on to itself as a page without that action does", async () => {
    for (const headers of [{ "x-action-forwarded": "1" }, new Headers({ "X-Action-Forwarded": "1" })]) {
      const answer = await fetch("http://localhost/login", { method: "POST", headers });
      expect(answer.status).toBe(404);
      expect(answer.headers.get("x-nextjs-action-not-found")).toBe("1");
    }
    expect(sent).not.toHaveBeenCalled();
  });

  it("leaves everything else alone", async () => {
    const url = new URL("https://api.example/range/12345");
    expect(await (await fetch(url, { headers: { accept: "text/plain" } })).text()).toBe("elsewhere");
    expect(await (await fetch(new Request(url))).text()).toBe("elsewhere");
    expect(sent).toHaveBeenCalledTimes(2);
  });
});
