import { expect, newStranger, test } from "./fixtures";
import type { Answer, Visitor } from "./support/visitor";

/** Every kind of answer there is, and what asks for it. */
const answers: [string, string, Parameters<Visitor["request"]>[1], number][] = [
  ["a page", "/login", {}, 200],
  ["the home page", "/", {}, 200],
  ["a page's data", "/login", { headers: { rsc: "1" } }, 307],
  ["a page's head alone", "/login", { method: "HEAD" }, 200],
  ["a missing page", "/nowhere", {}, 404],
  ["a missing page below a private one's name", "/accounts", {}, 404],
  ["an address that cannot be decoded", "/%ff", {}, 400],
  ["Next's own failure page", "/_global-error", {}, 404],
  ["a missing file of the build", "/_next/static/nothing.js", {}, 404],
  ["a missing image", "/_next/image?url=x&w=1&q=1", {}, 404],
  ["a picture", "/icon.svg", {}, 200],
  ["the old icon", "/favicon.ico", {}, 200],
  ["the way to the login page", "/account", {}, 307],
  ["the way from a private form", "/account", { method: "POST" }, 303],
  ["the way to the address without a slash", "/account/", {}, 308],
  ["the way out of two slashes", "//account", {}, 308],
  ["data", "/api/auth/session", {}, 200],
  ["the rules for crawlers", "/robots.txt", {}, 200],
  ["health", "/api/health", {}, 200],
  ["data that is not there", "/api/auth/signin", {}, 404],
  ["a method not used here", "/login", { method: "PUT" }, 405],
  ["chunks that are no form", "/login", { method: "POST", headers: { "transfer-encoding": "chunked" } }, 400],
  ["a form too large", "/login", { method: "POST", headers: { "content-length": "9999999" } }, 413],
  ["a form of another kind", "/login", { method: "POST", headers: { "content-type": "text/plain" } }, 415],
  ["a form from elsewhere", "/login", { method: "POST", headers: { origin: "https://evil.example" } }, 403],
  ["a form cut short", "/login", { method: "POST", body: "--x\r\n" }, 400],
  ["a form without an action", "/login", { method: "POST", body: "--x--\r\n" }, 400],
];

test("every kind of answer has the headers that every answer has", async ({ visitor }) => {
  for (const [what, path, options, status] of answers) {
    const isPost = options?.method === "POST";
    const form = { "content-type": "multipart/form-data; boundary=x", origin: visitor.origin };
    const answer = await visitor.request(path, {
      ...options,
      headers: {
        ...(isPost && form),
        ...(isPost && !options?.headers && !options?.body && { "content-length": "0" }),
        ...options?.headers,
      },
    });
    if (status === 307 && path === "/login") expect(answer.status, what).toBeLessThan(400);
    else expect(answer.status, what).toBe(status);
    await test.step(what, () => expectHeaders(answer));
  }
});

test("answers to someone logged in have these headers too, and no cache keeps them", async ({
  visitor,
  registered,
  enter,
}) => {
  await enter(visitor, await registered());
  for (const [path, status] of [
    ["/", 200],
    ["/account", 200],
    ["/account/", 308],
    ["/account/nothing", 404],
    ["/login", 307],
    ["/register", 307],
    ["/api/auth/session", 200],
  ] as const) {
    const answer = await visitor.get(path);
    expect(answer.status, path).toBe(status);
    expectHeaders(answer);
    expect(answer.headers["cache-control"], path).toContain("no-store");
  }
});

test("a form's answers have these headers too: a refusal, a success, a logout", {
  tag: "@servers",
}, async ({ visitor }) => {
  const { username, email, password } = newStranger();
  const registration = { username, email, password, confirmation: password };
  const answers = [
    await visitor.submit("/register", { ...registration, username: "" }),
    await visitor.submit("/register", registration),
    await visitor.submit("/login", { email, password: "open-sesame not" }),
    await visitor.submit("/login", { email, password }),
    await visitor.submit("/account", {}, { button: "Log out" }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 303, 200, 303, 303]);
  for (const answer of answers) {
    expectHeaders(answer);
    expect(answer.headers["cache-control"]).toContain("no-store");
  }
});

test("no answer may be framed, whatever it is and whichever server gives it", { tag: "@servers" }, async ({
  visitor,
}) => {
  const post = { method: "POST", headers: { origin: "https://evil.example", "content-length": "0" } };
  for (const [path, options, status] of [
    ["/", {}, 200],
    ["/account", {}, 307],
    ["/nowhere", {}, 404],
    ["/api/auth/session", {}, 200],
    ["/icon.svg", {}, 200],
    ["/login", { method: "PUT" }, 405],
    ["/login", post, 403],
  ] as const) {
    const answer = await visitor.request(path, options);
    expect(answer.status, path).toBe(status);
    expect(answer.headers["x-frame-options"], path).toBe("DENY");
  }
});

test("no cache keeps redirects, wherever they lead", async ({ visitor }) => {
  for (const path of [
    "/account",
    "/account/",
    "/account/x?y=1",
    "//account",
    "/login/",
    "/api/auth/session/",
  ]) {
    const answer = await visitor.get(path);
    expect(answer.status, path).toBeGreaterThanOrEqual(300);
    expect(answer.status, path).toBeLessThan(400);
    expect(answer.headers["cache-control"], path).toContain("no-store");
  }
});

test("every cache keeps the files of the build", async ({ visitor }) => {
  const { body } = await visitor.get("/");
  const files = [
    ...new Set([...body.matchAll(/\/_next\/static\/[\w./~-]+\.(?:js|css)/g)].map(([file]) => file)),
  ];
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const answer = await visitor.get(file);
    expectHeaders(answer);
    expect(answer.headers["cache-control"], file).toContain("immutable");
  }
});

for (const path of ["/icon.svgX", "/favicon.ico/x", "/_next/staticx", "/apple-icon.png2"])
  test(`${path}, called almost like a file, is a page like any other`, { tag: "@next" }, async ({
    visitor,
  }) => {
    const page = await visitor.get(path, { "x-latchkey-request": "%7B" });
    expect(page.status).toBe(404);
    expect(page.headers["content-security-policy"]).toContain("'nonce-");
    expect(page.headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
    const form = await visitor.request(path, {
      method: "POST",
      body: "--x--\r\n",
      headers: { "content-type": "multipart/form-data; boundary=x", "sec-fetch-site": "cross-site" },
    });
    expect(form.status).toBe(403);
  });

test("every page has a nonce of its own, and its scripts carry it", { tag: "@next" }, async ({ visitor }) => {
  const nonces = new Set<string>();
  for (const path of ["/", "/login", "/register", "/nowhere", "/login"]) {
    const { headers, body } = await visitor.get(path);
    const nonce =
      /script-src [^;]*'nonce-([\w+/=]{22,})'/.exec(String(headers["content-security-policy"]))?.[1] ?? "";
    expect(nonce, path).not.toBe("");
    nonces.add(nonce);
    const scripts = [...body.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
    expect(scripts.length, path).toBeGreaterThan(0);
    for (const tag of scripts) expect(tag, path).toContain(`nonce="${nonce}"`);
  }
  expect(nonces.size).toBe(5);
});

test("no page breaks its own policy in a browser", { tag: "@servers" }, async ({ page, loggedIn }) => {
  // A broken policy is an error on the console, which fails any story.
  for (const path of ["/", "/login", "/register", "/nowhere"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  await loggedIn();
  for (const path of ["/", "/account", "/account/nothing"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
});

test("no other site can frame a page", async ({ browser, site }) => {
  const context = await browser.newContext(); // not the story's own: errors in this console are expected
  const page = await context.newPage();
  const frames = ["/", "/login", "/register", "/nowhere", "/icon.svg"].map((path) => site.origin + path);
  await page.route("http://evil.example/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: frames.map((src) => `<iframe src="${src}"></iframe>`).join(""),
    }),
  );
  await page.goto("http://evil.example/");
  expect(page.frames()).toHaveLength(frames.length + 1);
  for (const frame of page.frames().slice(1)) expect(frame.url()).toMatch(/^chrome-error:/);
  await context.close();
});

test("crawlers may read the home page and its two forms, and find no list of private pages", {
  tag: "@servers",
}, async ({ visitor }) => {
  const { status, body, headers } = await visitor.get("/robots.txt");
  expect(status).toBe(200);
  expect(headers["content-type"]).toMatch(/^text\/plain/);
  expect(headers["x-frame-options"]).toBe("DENY");
  const lines = body.split("\n");
  for (const path of ["/reset-password", "/verify-email", "/lock-account", "/session-ended", "/api/"])
    expect(lines).toContain(`Disallow: ${path}`);
  for (const path of ["/", "/login", "/register"]) expect(lines).not.toContain(`Disallow: ${path}`);
  expect(body).not.toContain("/account");
  expect((await visitor.get("/account")).location).toMatch(/\/login\?callbackUrl=%2Faccount$/);
});

/** What holds for every answer, whatever it is (ASVS v5.0.0-3.4, 3.5.8, 4.1.1, 13.4.6). */
function expectHeaders({ headers, body }: Answer): void {
  const type = String(headers["content-type"] ?? "");
  expect(headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": expect.stringContaining("camera=()"),
    "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  for (const name of ["x-powered-by", "server", "access-control-allow-origin"])
    expect(headers).not.toHaveProperty(name);
  const policy = String(headers["content-security-policy"]);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("base-uri 'none'");
  expect(policy).toMatch(/object-src 'none'|default-src 'none'/);
  expect(policy).not.toMatch(/unsafe-|\*|https?:/);
  expect(headers["cache-control"]).toBeTruthy();
  if (body !== "") expect(type).not.toBe("");
  if (type.startsWith("text/")) expect(type).toMatch(/; charset=utf-8$/i);
}
