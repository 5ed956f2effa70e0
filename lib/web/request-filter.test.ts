import { beforeAll, describe, expect, it } from "vitest";
import { cleanHeaders } from "./forwarded-headers";
import {
  type FilteredRequest,
  FORM_MAX_BYTES,
  formMaxBytes,
  refusal,
  takesAnySize,
  takesPicture,
} from "./request-filter";

const publicUrl = new URL("http://accounts.internal");
const publicOrigin = publicUrl.origin;
const FORM = "multipart/form-data; boundary=x";
const request = (method: string, headers: Record<string, string>, url = "/login"): FilteredRequest => ({
  method,
  url,
  header: (name) => headers[name] ?? null,
});
const post = (headers: Record<string, string>) =>
  refusal(
    request("POST", { host: "localhost:3000", "content-length": "20", "content-type": FORM, ...headers }),
    publicUrl,
  );

beforeAll(() => {
  process.env.AUTH_SECRET = "0123456789abcdef0123456789abcdef"; // the names of our cookies come from it
});

describe("refusal", () => {
  it.each(["GET", "HEAD"])("lets a %s pass from anywhere", (method) => {
    expect(refusal(request(method, { origin: "https://evil.example" }), publicUrl)).toBeNull();
  });

  it.each(["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", ""])(
    "refuses the method %j",
    (method) => {
      expect(refusal(request(method, {}), publicUrl)).toBe(405);
    },
  );

  it.each<Record<string, string>>([
    { origin: publicOrigin },
    { origin: "http://localhost:3000" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { origin: "null", "sec-fetch-site": "same-origin" },
    {}, // a program, not a browser: it sends no cookies by accident
  ])("lets a POST pass with %j", (headers) => {
    expect(post(headers)).toBeNull();
  });

  it.each<Record<string, string>>([
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "null", "sec-fetch-site": "none" },
    { origin: "null", "sec-fetch-site": "same-site" },
    { origin: "null", "sec-fetch-site": "cross-site" },
    { origin: "" },
    { origin: "garbage" },
    { origin: "http://accounts.internal.evil.example" },
    { origin: "http://accounts.internal:444" },
    { origin: "https://accounts.internal" },
    { origin: "http://localhost:3000/" },
    { origin: "http://localhost:3001" },
    { origin: "https://evil.example", "x-forwarded-host": "evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "garbage" },
  ])("refuses a POST with %j", (headers) => {
    expect(post(headers)).toBe(403);
  });
});

describe("refusal over https", () => {
  const secureUrl = new URL("https://accounts.example.com");
  const from = (origin: string) =>
    refusal(
      request("POST", {
        host: "accounts.example.com",
        "content-length": "20",
        "content-type": FORM,
        origin,
      }),
      secureUrl,
    );

  it("accepts a form from the public address", () => {
    expect(from("https://accounts.example.com")).toBeNull();
  });

  it.each(["http://accounts.example.com", "https://accounts.example.com:444", "https://localhost:3000"])(
    "refuses one from %s, whatever the host is called",
    (origin) => {
      expect(from(origin)).toBe(403);
    },
  );
});

describe("refusal at a route that an app adds", () => {
  const at = (method: string, headers: Record<string, string>) =>
    refusal(request(method, headers, "/api/todos/1"), publicUrl);

  it.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "GET"])(
    "accepts a %s of any type and size",
    (method) => {
      expect(at(method, { "content-type": "application/json", "transfer-encoding": "chunked" })).toBeNull();
      expect(at(method, { "content-length": "99999999", cookie: "a=b", origin: publicOrigin })).toBeNull();
    },
  );

  it.each(["POST", "PUT", "PATCH", "DELETE"])(
    "refuses a %s that carries cookies from elsewhere",
    (method) => {
      expect(at(method, { cookie: "a=b", origin: "https://evil.example" })).toBe(403);
      expect(at(method, { cookie: "a=b", "sec-fetch-site": "cross-site" })).toBe(403);
    },
  );

  it("accepts one without cookies from anywhere: it cannot act for a person", () => {
    expect(at("POST", { origin: "https://evil.example" })).toBeNull();
  });

  it("has no such rules where it only hides another address", () => {
    for (const url of ["/api/%61uth/callback/credentials", "/%61pi/todos", "/api/health%2Fx"])
      expect(
        refusal(
          request("POST", { "content-type": "application/json", "content-length": "2" }, url),
          publicUrl,
        ),
      ).toBe(415);
  });

  it("cannot read one that forges what the middleware tells pages", () => {
    for (const method of ["GET", "POST"]) expect(at(method, { "x-latchkey-request": "%7B%7D" })).toBe(400);
  });

  it.each(["TRACE", "CONNECT"])("refuses the method %s", (method) => {
    expect(at(method, {})).toBe(405);
  });
});

describe("refusal of addresses", () => {
  const get = (url: string) => refusal(request("GET", {}, url), publicUrl);

  it("accepts a path that was encoded three times, and none that was oftener, however long", () => {
    expect(get("/%252561ccount")).toBeNull();
    for (const times of [3, 4, 7000])
      for (const start of ["/", "/api/todos/", "/_next/static/"])
        expect(get(`${start}%${"25".repeat(times)}61`), `${start} ${times}`).toBe(400);
  });

  it("accepts a hundred parameters, for a route of an app's own a thousand, and no more", () => {
    const query = (count: number) => Array.from({ length: count }, (_, index) => `x${index % 2}=`).join("&");
    for (const path of ["/login", "/nowhere", "/_next/static/x.js", "/api/auth/session"]) {
      expect(get(`${path}?${query(100)}`), path).toBeNull();
      expect(get(`${path}?${query(101)}`), path).toBe(400);
    }
    expect(get(`/api/todos?${query(1000)}`)).toBeNull();
    expect(get(`/api/todos?${query(1001)}`)).toBe(400);
  });
});

describe("takesAnySize", () => {
  it.each(["/api/todos", "/api/authors/1?x=%ff", "/api/healthy", "/api/tasks-of-mine"])(
    "is true of %s",
    (url) => {
      expect(takesAnySize(url)).toBe(true);
    },
  );

  it.each([
    "/",
    "/login",
    "/api",
    "/api/auth/csrf",
    "/api/health/ready",
    "/api/tasks",
    "/api/common-passwords?x",
    "/api/passkey-question",
    "/api/todos/../auth/csrf",
    "/api/%61uth/csrf",
    "/api/%2561uth/csrf",
    "/api/auth%2Fcsrf",
    "/api/h%65alth",
    "/api/%74asks",
    "/api/common%2Dpasswords",
    "/%61pi/todos",
    "/api/%ff",
  ])("is false of %s", (url) => {
    expect(takesAnySize(url)).toBe(false);
  });
});

describe("refusal of bodies", () => {
  const length = (value: string | undefined) =>
    refusal(
      request("POST", { "content-type": FORM, ...(value !== undefined && { "content-length": value }) }),
      publicUrl,
    );

  it.each(["/api/auth/callback/credentials", "/%61pi/auth/callback/credentials"])(
    "accepts 16 KiB at the credentials route: %s",
    (url) => {
      const plain = (bytes: number) =>
        refusal(
          request(
            "POST",
            { "content-type": "application/x-www-form-urlencoded", "content-length": String(bytes) },
            url,
          ),
          publicUrl,
        );
      expect([plain(16 * 1024), plain(16 * 1024 + 1)]).toEqual([null, 413]);
    },
  );

  it("leaves a route of an app's own the room of a form, where it is read at all", () => {
    expect(formMaxBytes("/api/todos")).toBe(FORM_MAX_BYTES);
    expect(formMaxBytes("/api/auth/callback/credentials")).toBe(16 * 1024);
  });

  it("accepts half a megabyte", () => {
    expect(length(String(512 * 1024))).toBeNull();
  });

  it("refuses more, and a form that has neither a length nor an end", () => {
    expect(length(String(512 * 1024 + 1))).toBe(413);
    expect(length(undefined)).toBe(411);
  });

  it("lets one in chunks pass to where it is read, and refuses it from elsewhere as any other", () => {
    const chunked = { "content-type": FORM, "transfer-encoding": "chunked" };
    expect(refusal(request("POST", chunked), publicUrl)).toBeNull();
    expect(refusal(request("POST", { ...chunked, origin: "https://evil.example" }), publicUrl)).toBe(403);
    expect(refusal(request("POST", { ...chunked, "content-type": "text/plain" }), publicUrl)).toBe(415);
  });

  const typed = (type: string | undefined, url: string) =>
    refusal(
      request("POST", { "content-length": "20", ...(type !== undefined && { "content-type": type }) }, url),
      publicUrl,
    );

  it.each([
    [FORM, "/login"],
    ["multipart/form-data; boundary=----WebKitFormBoundaryAbC", "/"],
    ["Multipart/Form-Data;boundary=x", "/apis"],
    ["application/x-www-form-urlencoded", "/api/auth/callback/credentials"],
    ["application/x-www-form-urlencoded;charset=UTF-8", "/api/auth/callback/credentials"],
  ])("accepts %s at %s", (type, url) => {
    expect(typed(type, url)).toBeNull();
  });

  it.each([
    [undefined, "/login"],
    ["", "/login"],
    ["text/plain;charset=UTF-8", "/login"],
    ["application/json", "/login"],
    ["application/x-www-form-urlencoded", "/login"],
    ["multipart/form-data", "/login"],
    ["multipart/form-data; boundary=", "/login"],
    ["multipart/mixed; boundary=x", "/login"],
    [undefined, "/api/auth/callback/credentials"],
    ["application/json", "/api/auth/callback/credentials"],
    ["text/plain", "/api/auth/callback/credentials"],
    ["application/x-www-form-urlencodedx", "/api/auth/callback/credentials"],
    [FORM, "/api/auth/callback/credentials"],
  ])("refuses %s at %s", (type, url) => {
    expect(typed(type, url)).toBe(415);
  });
});

describe("refusal of addresses", () => {
  it.each([
    "/_global-error",
    "/_global-error?x=1",
    "/x/../_global-error",
    "//localhost/_global-error",
    "/_global%2Derror",
  ])("knows no page at %s, which is Next's own and fails by design", (url) => {
    expect(refusal(request("GET", {}, url), publicUrl)).toBe(404);
  });

  it.each(["/", "/_global-errors", "/x/_global-error", "/?x=/_global-error", "/%C3%A9?x=%"])(
    "leaves %s to the pages",
    (url) => {
      expect(refusal(request("GET", {}, url), publicUrl)).toBeNull();
    },
  );
});

describe("refusal of an action sent on", () => {
  it.each(["/login", "/nowhere", "/api/todos"])("cannot read one at %s: only Next itself says so", (url) => {
    const sent = { "content-length": "20", "content-type": FORM, "x-action-forwarded": "1" };
    expect(refusal(request("POST", sent, url), publicUrl)).toBe(400);
  });
});

describe("refusal of what is no address", () => {
  it.each(["x", "[", "%5B%5D", "[1]", "%", "{}", `["",${"[".repeat(5000)}`])(
    "cannot read the router's state %s",
    (state) => {
      expect(refusal(request("GET", { "next-router-state-tree": state }), publicUrl)).toBe(400);
    },
  );

  it("reads the state that Next's script sends", () => {
    const state = encodeURIComponent('["",{"children":["login",{"children":["__PAGE__",{}]}]},null,null,16]');
    expect(refusal(request("GET", { "next-router-state-tree": state }), publicUrl)).toBeNull();
  });

  it("accepts no form by another way", () => {
    for (const url of ["/api/../login", "/./login", "//localhost/login", "/x/%2e%2e/login"])
      expect(refusal(request("POST", { "content-length": "20", "content-type": FORM }, url), publicUrl)).toBe(
        400,
      );
  });

  it.each(["/%", "/api/auth/signin/%", "/%ff", "/a/%C3/b", "//", "http://[", "/api/health%00", "/login%0a"])(
    "cannot read %s",
    (url) => {
      expect(refusal(request("GET", {}, url), publicUrl)).toBe(400);
    },
  );
});

describe("cleanHeaders", () => {
  it("drops what only our own server, a proxy or Next may say", () => {
    const forged = new Headers({
      host: "localhost:3000",
      "x-forwarded-host": "evil.example",
      forwarded: "for=1.2.3.4",
      "x-middleware-subrequest": "middleware",
      "x-action-forwarded": "1",
      "x-latchkey-request": "%7B%7D",
      "user-agent": "test",
    });
    expect(Object.fromEntries(cleanHeaders(forged, new URL("http://localhost:3000")))).toEqual({
      host: "localhost:3000",
      "user-agent": "test",
      "x-forwarded-proto": "http",
    });
  });

  it("gives a request from the public address its host behind a proxy that replaced it", () => {
    const proxied = new Headers({ host: "127.0.0.1:3000", origin: publicOrigin });
    expect(cleanHeaders(proxied, publicUrl).get("x-forwarded-host")).toBe("accounts.internal");
  });
});

describe("takesPicture", () => {
  const sent = (url: string, headers: Record<string, string> = {}) =>
    refusal(
      request(
        "POST",
        { host: "localhost:3000", "content-length": "9000000", "content-type": FORM, ...headers },
        url,
      ),
      publicUrl,
    );

  it.each(["/account/picture", "/account/picture?x=1"])(
    "is true for %s, whose route says what is too large",
    (url) => {
      expect(takesPicture(url)).toBe(true);
      expect(sent(url)).toBeNull();
      expect(sent(url, { origin: "https://evil.example" })).toBe(403);
      expect(sent(url, { "content-type": "application/json" })).toBe(415);
    },
  );

  it.each([
    "/account",
    "/account/pictures",
    "/account/picture/",
    "/account/picture/x.webp",
    "/account/pictur%65",
    "/account%2Fpicture",
    "//account/picture",
    "/Account/picture",
    "/%",
  ])("is false for %s, which has room for a small form", (url) => {
    expect(takesPicture(url)).toBe(false);
    expect([413, 400]).toContain(sent(url));
  });

  it("hides no other way there", () => {
    for (const url of ["/x/../account/picture", "/./account/picture"]) expect(sent(url)).toBe(400);
  });
});
