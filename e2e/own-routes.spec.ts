import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../lib/testing/look-in";
import { removeFolder, temporaryFolder } from "../lib/testing/temporary-folder";
import { enter, expect, newMember, test } from "./fixtures";
import { buildCheckout, copyCheckout } from "./support/checkout";
import { type AppServer, freePort, type ServerKind, startServer } from "./support/server";
import { startTraffic, type Traffic } from "./support/traffic";
import { send, textOf, Visitor } from "./support/visitor";

/** Beside the route: the check of the layers reads an import in a text as one of this file. */
const AUTH = "@/lib/auth";

/** A route that an app built on this adds. It imports one thing of ours. */
const ROUTE = `
import { createHash } from "node:crypto";
import { currentUser } from "${AUTH}";

async function handle(request: Request): Promise<Response> {
  const user = await currentUser();
  const hash = createHash("sha256");
  if (request.body) for await (const chunk of request.body) hash.update(chunk);
  return Response.json({ method: request.method, user: user?.username ?? null, hash: hash.digest("hex") });
}

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST, handle as PUT };
`;

/** More than Next keeps of a body for the middleware, as we have set it; and more than it would by itself. */
const LARGE = randomBytes(2 * 1024 * 1024);
const HUGE = randomBytes(12 * 1024 * 1024);

const PAGES = ["/", "/login", "/register"];

/** Between two pages while the build runs, which takes minutes on a busy machine: each comes with twenty files. */
const WHILE_BUILDING_MS = 3_000;

const hashOf = (body: string | Buffer) => createHash("sha256").update(body).digest("hex");

/** A checkout of another machine's, with the build that this one has. */
let checkout = "";

test.beforeAll(async () => {
  checkout = await temporaryFolder("checkout");
  copyCheckout(checkout);
});

test.afterAll(() => removeFolder(checkout));

test("while a new version is built and one of two instances restarted, no request fails and open forms still work", async ({
  emptyDatabase,
}) => {
  const database = await emptyDatabase();
  const servers: AppServer[] = [];
  const startInstance = async (PORT: string) => {
    const server = await startServer({ ...database, PORT }, { root: checkout });
    servers.push(server);
    return server;
  };
  let traffic: Traffic | null = null;
  try {
    const first = await startInstance(String(await freePort()));
    const second = await startInstance(String(await freePort()));
    const open = await new Visitor(first.origin).get("/login");
    const origins = [first.origin, second.origin];
    traffic = startTraffic(origins, PAGES, WHILE_BUILDING_MS);

    addRoute();
    changeFile("app/page.tsx", (text) => text.replaceAll("<h1", '<h1 id="new"'));
    changeFile("app/globals.css", (text) => `${text}\n#new { order: 0 }\n`); // a stylesheet of another name
    await buildCheckout(checkout);
    expect(await traffic.stop()).toEqual([]);
    traffic = startTraffic(origins, PAGES);
    await traffic.seen(6);
    const isNew = async ({ origin }: AppServer) => (await send(origin)).body.includes('id="new"');
    expect([await isNew(first), await isNew(second)], "until they are restarted").toEqual([false, false]);

    await second.stop();
    await startInstance(new URL(second.origin).port);
    await traffic.seen(12);
    expect([await isNew(first), await isNew(second)]).toEqual([false, true]);
    expect(await traffic.stop()).toEqual([]);

    const guess = { email: "ada@example.com", password: "a wrong guess it is" };
    const answer = await new Visitor(second.origin).send("/login", open, guess);
    expect(answer.status).toBe(200);
    expect(textOf(answer.body)).toContain("Login Unsuccessful");
  } finally {
    await traffic?.stop();
    for (const server of servers) await server.stop();
  }
});

test("a route that an app adds accepts any method, type and size, and refuses what another site sends", async () => {
  addRoute();
  for (const serverKind of ["own", "next", "standalone"] as const) await tryRoute(checkout, serverKind);
});

function changeFile(name: string, change: (text: string) => string): void {
  const file = join(checkout, name);
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function addRoute(): void {
  mkdirSync(join(checkout, "app/api/todos"), { recursive: true });
  writeFileSync(join(checkout, "app/api/todos/route.ts"), ROUTE);
}

async function tryRoute(root: string, serverKind: ServerKind): Promise<void> {
  const server = await startServer({}, { serverKind, root });
  try {
    const database = openDatabase(server.databaseUrl);
    const [visitor, person] = [new Visitor(server.origin), await newMember(database)];
    const token = await enter(database, visitor, person);
    const origin = { origin: server.origin, "sec-fetch-site": "same-origin" };
    const send = async (method: string, body: string | Buffer, headers: Record<string, string>) => {
      const isChunked = "transfer-encoding" in headers;
      const length = isChunked ? {} : { "content-length": String(Buffer.byteLength(body)) }; // Node tells none of a DELETE
      const answer = await visitor.request("/api/todos", {
        method,
        body,
        headers: { ...length, ...headers },
      });
      return answer.status === 200 ? JSON.parse(answer.body) : answer.status;
    };

    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const body = JSON.stringify({ title: method });
      const answer = await send(method, body, { ...origin, "content-type": "application/json" });
      expect(answer, serverKind).toEqual({ method, user: person.username, hash: hashOf(body) });
    }
    const largest: Record<string, string>[] = [
      { ...origin, "content-type": "application/octet-stream" },
      { ...origin, "content-type": "multipart/form-data; boundary=x" },
      { ...origin, "transfer-encoding": "chunked" },
      { origin: server.origin }, // without `Sec-Fetch-Site`, as over plain http
      { origin: server.origin, "transfer-encoding": "chunked" },
      {},
    ];
    for (const headers of largest)
      expect(await send("PUT", LARGE, headers), serverKind).toMatchObject({ hash: hashOf(LARGE) });
    expect(await send("PUT", HUGE, origin), serverKind).toMatchObject({ hash: hashOf(HUGE) });

    const elsewhere: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "null" },
    ];
    for (const foreign of elsewhere)
      for (const method of ["POST", "PUT", "PATCH", "DELETE"])
        expect(await send(method, "{}", foreign), `${serverKind} ${method} ${JSON.stringify(foreign)}`).toBe(
          403,
        );
    const [foreign = {}] = elsewhere;
    expect(await send("PUT", LARGE, foreign), serverKind).toBe(403);
    expect(await send("PUT", "{}", { "x-latchkey-request": "%7B%7D" }), serverKind).toBe(400);
    const opened = await visitor.get("/api/todos", {
      "sec-fetch-site": "cross-site",
      "sec-fetch-dest": "document",
    });
    expect(opened.setCookies, `${serverKind}: the app may let a cache keep its answer`).toEqual([]);

    visitor.cookies.clear();
    expect(await send("PUT", LARGE, foreign)).toMatchObject({ user: null, hash: hashOf(LARGE) });
    const cookie = `latchkey.session=${token}`; // as an earlier release called it
    expect(await send("PUT", "{}", { ...origin, cookie })).toMatchObject({ user: person.username });
  } finally {
    await server.stop();
    await removeFolder(server.dataDir);
  }
}
