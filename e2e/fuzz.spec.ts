import fc from "fast-check";
import { expect, isLoggedIn, test, testAlone } from "./fixtures";
import { fullName } from "./support/cookie-jar";
import { Visitor } from "./support/visitor";

/** Requests a run sends: enough to meet every route and kind of body many times, in some seconds. */
const REQUESTS = 250;

/** How many are under way at once. */
const AT_ONCE = 8;

/** Markup that must not come back as such. Its name is in no page of ours. */
const MARK = "<latchkey-mark onclick=x>";

/** The same garbage every time, so that a red run is red again. For other garbage: `LATCHKEY_FUZZ_SEED=… npm test`. */
const seed = Number(process.env.LATCHKEY_FUZZ_SEED) || 20_261_122;

const nasty = fc.constantFrom(
  MARK,
  `"${MARK}`,
  `</script>${MARK}`,
  "//evil.example",
  "/\\evil.example",
  "https://evil.example",
  "javascript:alert(1)",
  "\0",
  "\ud800",
  "\u2028",
  "%00%0d%0aSet-Cookie:x=y",
  "' OR 1=1 --",
  "../../../etc/passwd",
  "__proto__",
  "[",
  "{}",
  "$K1",
  "$@0",
  "a".repeat(20_000),
);
const text = fc.oneof(
  nasty,
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ maxLength: 40 }),
  fc.json(),
);
const word = fc.string({ unit: fc.constantFrom(..."abz09-_.~%[]"), maxLength: 12 });

const route = fc.constantFrom(
  "/",
  "/login",
  "/register",
  "/account",
  "/nowhere",
  "/api/auth/csrf",
  "/api/auth/session",
  "/api/auth/callback/credentials",
  "/api/auth/signin",
  "/api/auth/signout",
  "/api/auth/error",
  "/api/health",
  "/api/health/ready",
  "/_next/static/x",
  "/_next/image",
  "/_next/data/x/login.json",
  "/_global-error",
  "/_not-found",
  "/icon.svg",
  "/favicon.ico",
);
const path = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: route },
      fc.webPath().map((rest) => `/${rest}`),
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant("") },
      fc.constantFrom("/", "/..", "//", ".rsc", "/%2e%2e", "/%", "%00", ";x"),
      text.map((part) => `/${encode(part)}`),
    ),
    fc.dictionary(
      fc.oneof(fc.constantFrom("callbackUrl", "error", "_rsc", "url", "code", "flash"), word),
      text,
      { maxKeys: 3 },
    ),
  )
  .map(([start, end, query]) => {
    const search = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`);
    return `${start}${end}${search.length > 0 ? `?${search.join("&")}` : ""}`.slice(0, 6000);
  });

const name = fc.oneof(
  fc.constantFrom(
    "email",
    "password",
    "username",
    "confirmation",
    "remember",
    "callbackUrl",
    "csrfToken",
    "id",
    "role",
  ),
  fc.constantFrom(
    "0",
    "1",
    "_1_email",
    "$ACTION_REF_1",
    "$ACTION_1:0",
    "$ACTION_1:1",
    "$ACTION_KEY",
    "$ACTION_ID_x",
    "__proto__",
  ),
  word,
);
const fields = fc.array(fc.tuple(name, text, fc.boolean()), { maxLength: 8 });
const header = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  })
  .map((value) => value.trim());
const headers = fc.dictionary(
  fc.constantFrom(
    "rsc",
    "next-router-state-tree",
    "next-router-prefetch",
    "next-router-segment-prefetch",
    "next-url",
    "next-action",
    "x-nextjs-data",
    "x-action-forwarded",
    "x-middleware-subrequest",
    "x-forwarded-host",
    "x-forwarded-proto",
    "sec-fetch-site",
    "cookie",
    "range",
    "if-none-match",
    "if-modified-since",
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "user-agent",
    "x-auth-return-redirect",
  ),
  fc.oneof(fc.constantFrom("1", "%5B%5D", "bytes=5-1", "latchkey.session=x; latchkey.flash=<b>"), header),
  { maxKeys: 4 },
);

/** A request before it meets the page: `known` adds an action's own fields, so that it reaches our code. */
const request = fc.record({
  path,
  headers,
  fields,
  method: fc.constantFrom("GET", "GET", "HEAD", "POST", "POST", "POST", "POST", "DELETE"),
  kind: fc.constantFrom("multipart", "multipart", "multipart", "urlencoded", "noise"),
  known: fc.constantFrom("login", "register", "as script", "none"),
  cut: fc.option(fc.nat({ max: 400 }), { freq: 4 }),
});
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

testAlone(
  "garbage in any part of a request breaks nothing, leads nowhere and comes back as no markup",
  async ({ server }) => {
    const before = server.output().length;
    const known = {
      login: await actionOf(server.origin, "/login"),
      register: await actionOf(server.origin, "/register"),
    };
    const requests = fc.sample(request, { seed, numRuns: REQUESTS });
    const faults: string[] = [];
    const statuses = new Map<number, number>();

    async function attack(drawn: Request): Promise<void> {
      const { method, target, headers, body } = write(drawn, known, server.origin);
      const what = `${method} ${target.slice(0, 200)} ${JSON.stringify(headers).slice(0, 400)}`;
      try {
        const answer = await new Visitor(server.origin).request(target, { method, headers, body });
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status >= 500) faults.push(`${answer.status} from ${what}`);
        if (answer.location && new URL(answer.location).origin !== server.origin)
          faults.push(`led to ${answer.location} by ${what}`);
        if (/<latchkey-mark/i.test(answer.body)) faults.push(`markup came back from ${what}`);
        if (/evil\.example/.test(JSON.stringify(answer.setCookies))) faults.push(`a cookie has it: ${what}`);
      } catch (error) {
        faults.push(`no answer (${error}) to ${what}`);
      }
    }

    const queue = [...requests];
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let drawn = queue.pop(); drawn; drawn = queue.pop()) await attack(drawn);
    });
    await Promise.all(workers);

    expect(faults, `LATCHKEY_FUZZ_SEED=${seed}`).toEqual([]);
    // The garbage was varied enough: pages, refusals and malformed forms were all among the answers.
    for (const status of [200, 400, 404, 415]) expect([...statuses.keys()], `seed ${seed}`).toContain(status);
    expect(server.output().slice(before), "nothing that went wrong inside").not.toMatch(
      /"level":"(error|fatal)"/,
    );
    expect((await new Visitor(server.origin).get("/login")).status).toBe(200);
  },
);

test("someone stays logged in while others send garbage under the same cookies' names", async ({
  site,
  visitor,
  registered,
  enter,
}) => {
  await enter(visitor, await registered());
  const cookies = fc.sample(fc.oneof(header, text.map(encode)), { seed, numRuns: 20 });
  for (const value of cookies) {
    const names = ["session", "browser", "flash", "csrf", "callback-url"].map((kind) => `latchkey.${kind}`);
    const cookie = [...names, ...names.map((name) => fullName(site.origin, name))].map(
      (name) => `${name}=${value}`,
    );
    const headers = { cookie: cookie.join("; ") };
    for (const path of ["/", "/account", "/api/auth/session"]) {
      const answer = await new Visitor(site.origin).get(path, headers);
      expect(answer.status, `LATCHKEY_FUZZ_SEED=${seed} ${path} ${value}`).toBeLessThan(400);
      expect(answer.body).not.toContain("Member since");
    }
  }
  expect(await isLoggedIn(visitor)).toBe(true);
});

interface KnownAction {
  path: string;
  id: string;
  hidden: [string, string][];
}

async function actionOf(origin: string, path: string): Promise<KnownAction> {
  const { body } = await new Visitor(origin).get(path);
  const id = /[0-9a-f]{42}/.exec(body)?.[0] ?? "";
  expect(id, path).not.toBe("");
  return {
    path,
    id,
    hidden: [
      ["$ACTION_REF_1", ""],
      ["$ACTION_1:0", `{"id":"${id}","bound":"$@1"}`],
      ["$ACTION_1:1", '[{"status":"idle"}]'],
    ],
  };
}

function write(
  { path, headers, fields, method, kind, known, cut }: Request,
  { login, register }: { login: KnownAction; register: KnownAction },
  origin: string,
): { method: string; target: string; headers: Record<string, string>; body?: Buffer } {
  if (method !== "POST") return { method, target: path, headers };
  const action = known === "register" ? register : login;
  const asScript = known === "as script";
  const hidden = known === "none" || asScript ? [] : action.hidden;
  const whole = {
    multipart: () => multipart([...hidden.map(([key, value]) => [key, value, false] as const), ...fields]),
    urlencoded: () => Buffer.from(fields.map(([key, value]) => `${encode(key)}=${encode(value)}`).join("&")),
    noise: () => Buffer.from(fields.map(([key, value]) => key + value).join("\r\n--x\r\n"), "utf16le"),
  }[kind]();
  const body = cut === null ? whole : whole.subarray(0, cut);
  return {
    method,
    target: known === "none" ? path : action.path,
    body,
    headers: {
      ...headers,
      ...(asScript && { "next-action": action.id }),
      origin,
      "content-type":
        kind === "urlencoded" ? "application/x-www-form-urlencoded" : "multipart/form-data; boundary=x",
      "content-length": String(body.length),
    },
  };
}

function multipart(parts: (readonly [string, string, boolean])[]): Buffer {
  const lines = parts.map(
    ([name, value, isFile]) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"${isFile ? '; filename="x"' : ""}\r\n\r\n${value}\r\n`,
  );
  return Buffer.from(`${lines.join("")}--x--\r\n`);
}

/** Percent-encoded, also where `encodeURIComponent` gives up. */
function encode(part: string): string {
  return encodeURIComponent(part.toWellFormed());
}
