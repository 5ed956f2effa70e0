import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => vi.unstubAllEnvs());

/** Settings are read once a process, so each name needs the modules anew. */
async function answerFor(appName: string, status: number, path: string) {
  vi.stubEnv("APP_NAME", appName);
  vi.resetModules();
  const { errorAnswer } = await import("./error-page");
  return errorAnswer(status, "0199-request", path);
}

describe("errorAnswer", () => {
  it.each([400, 429, 500, 503])("is a page with a way out and the request's id for %i", async (status) => {
    const { body, headers } = await answerFor("Acme", status, "/account");
    expect(headers["Content-Type"]).toBe("text/html; charset=utf-8");
    expect(body).toContain('href="/"');
    expect(body).toContain("0199-request");
    expect(body).toMatch(/<title>[^<]+ · Acme<\/title>/);
  });

  it("escapes the name of the product", async () => {
    const { body } = await answerFor(`<script>alert("x")</script>'s & co`, 500, "/");
    expect(body).not.toContain("<script");
    expect(body).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;s &amp; co");
  });

  it("is two words of JSON for a program", async () => {
    const { body, headers } = await answerFor("Acme", 503, "/api/todos");
    expect(headers["Content-Type"]).toBe("application/json");
    expect(JSON.parse(body)).toEqual({ error: "unavailable", requestId: "0199-request" });
  });
});
