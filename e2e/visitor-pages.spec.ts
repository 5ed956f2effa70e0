import { expect, SESSION_COOKIE, test } from "./fixtures";
import { type Answer, readForms } from "./support/visitor";

// `npm start` keeps these pages in memory for browsers that have no cookie of ours.
const PAGES = ["/", "/login", "/register", "/forgot-password"];

/** Of no meaning here, but by its name it could be ours: such a browser's pages are made for it. */
const OWN_COOKIE = { cookie: "latchkey.nothing=1" };

/** What is new in every answer, by which two answers of one page differ and by nothing else. */
function marksOf({ headers, body }: Answer): { nonce: string; secret: string } {
  const [, nonce = ""] = /'nonce-([^']+)'/.exec(String(headers["content-security-policy"])) ?? [];
  const [, secret = ""] = /\\"secret\\":\\"([\w-]{43})\\"/.exec(body) ?? [];
  return { nonce, secret };
}

/** An answer without its marks and without what the connection says. */
function unmarked(answer: Answer) {
  const { nonce, secret } = marksOf(answer);
  const rest = (text: string) => text.replaceAll(nonce, "NONCE").replaceAll(secret, "SECRET");
  const own = ["date", "x-request-id", "content-length", "transfer-encoding", "connection", "keep-alive"];
  const headers = Object.entries(answer.headers).filter(([name]) => !own.includes(name));
  return {
    status: answer.status,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, rest(String(value))])),
    body: rest(answer.body),
  };
}

test("a new visitor gets the same page as a browser for which it is made, with marks of its own", async ({
  visitor,
}) => {
  for (const path of PAGES) {
    const answers = [await visitor.get(path), await visitor.get(path), await visitor.get(path, OWN_COOKIE)];
    const [first, second, made] = answers.map(unmarked);
    expect(first, path).toEqual(made);
    expect(second, path).toEqual(made);
    const marks = answers
      .filter(({ status }) => status === 200)
      .flatMap((answer) => Object.values(marksOf(answer)));
    expect(new Set(marks).size, path).toBe(marks.length);
    expect(marks, path).not.toContain("");
    for (const { body } of answers)
      for (const { fields } of readForms(body)) expect(marks).toContain(fields.get("$page"));

    const heads = [{}, OWN_COOKIE].map((headers) => visitor.request(path, { method: "HEAD", headers }));
    const [head, madeHead] = await Promise.all(heads);
    expect(head && unmarked(head), path).toEqual(madeHead && unmarked(madeHead));
  }
});

test("what a new visitor gets compressed is the same page", async ({ site }) => {
  const size = async (headers: Record<string, string>) => {
    const answer = await fetch(`${site.origin}/login`, { headers });
    expect(answer.headers.get("vary")).toContain("Accept-Encoding");
    return { encoding: answer.headers.get("content-encoding"), length: (await answer.text()).length };
  };
  const { length } = await size({ "accept-encoding": "identity" });
  expect(await size({ "accept-encoding": "gzip, deflate, br" })).toEqual({ encoding: "gzip", length });
  expect(await size({ "accept-encoding": "gzip", ...OWN_COOKIE })).toEqual({ encoding: "gzip", length });
});

const TYPES = [
  undefined,
  "text/plain;charset=UTF-8",
  "application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
];

const DISGUISES: Record<string, string>[] = [
  {},
  { "next-action": "60e6a30deae50fb35918be4bb7c23f79840e5a0f48" },
  { rsc: "1" },
  { rsc: "1", "next-router-prefetch": "1" },
  { "next-router-state-tree": "%5B%22%22%2C%7B%7D%5D" },
  { "next-router-state-tree": "x" },
  { "x-latchkey-request": "%7B%22flash%22%3A%22password-reset%22%7D" },
  { "x-middleware-subrequest": "middleware:middleware:middleware:middleware:middleware" },
  { "x-middleware-rewrite": "/account" },
  { "x-middleware-request-cookie": "a=b" },
  { "x-nextjs-data": "1" },
  { "x-action-forwarded": "1" },
  { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
  { host: "evil.example" },
  { "sec-fetch-site": "cross-site" },
  { origin: "https://evil.example" },
  { origin: "null" },
];

test("what comes without cookies and is no plain visit meets the checks that it meets with them", async ({
  visitor,
}) => {
  const seen = new Set<number>();
  for (const path of ["/", "/login"])
    for (const disguise of DISGUISES)
      for (const [method, types] of [
        ["GET", [undefined, "multipart/form-data; boundary=x"]],
        ["POST", TYPES],
        ["PUT", [undefined]],
      ] as const)
        for (const type of types) {
          const body = method === "GET" ? undefined : "--x--\r\n";
          const headers = { ...(type !== undefined && { "content-type": type }), ...disguise };
          const ask = (more = {}) =>
            visitor.request(path, { method, body, headers: { ...headers, ...more } });
          const what = `${method} ${path} ${JSON.stringify(headers)}`;
          const [bare, withCookie] = [await ask(), await ask(OWN_COOKIE)];
          expect(unmarked(bare), what).toEqual(unmarked(withCookie));
          expect(bare.body, what).not.toMatch(/evil\.example|password was changed/);
          if (method !== "GET") expect(bare.status, what).toBeGreaterThanOrEqual(300);
          seen.add(bare.status);
        }
  expect([...seen].sort()).toEqual(expect.arrayContaining([200, 400, 403, 405, 415]));
  expect(visitor.cookies.has(SESSION_COOKIE)).toBe(false);
});
