import { Visitor } from "../support/visitor";
import { startChild } from "./child";
import { serveEmptyPage, serveEmptyPageBehindMiddleware } from "./empty-page";
import type { LoadOrders, LoadReport } from "./load";
import type { Section } from "./report";
import { logInOnce, median, registerAll, type Spread, spreadOf } from "./tools";

const CONNECTIONS = 8;
const LEAD_MS = 500;
const COUNTED_MS = 3_000;

/** Every round asks for every page, the other way round each time: a slow spell meets all. */
const ROUNDS = 6;

interface Target {
  name: string;
  origin: string;
  path: string;
  cookie: string;
  /** How many times the floor it is meant to reach; null: it is for information. */
  bar: number | null;
  reports: LoadReport[];
}

/** (e) how many pages a second there are, each as a multiple of an empty page that the same Next makes. */
export async function benchPages(origin: string): Promise<Section[]> {
  const empty = await serveEmptyPage();
  const guarded = await serveEmptyPageBehindMiddleware();
  const [email = ""] = await registerAll(origin, ["reader"]);
  const flashed = new Visitor(origin).cookies.set("latchkey.flash", "login-required");
  const flash = [...flashed].map((pair) => pair.join("=")).join("; ");
  const session = await logInOnce(origin, email);
  const target = (
    name: string,
    path: string,
    cookie = "",
    bar: number | null = null,
    from = origin,
  ): Target => ({
    name,
    origin: from,
    path,
    cookie,
    bar,
    reports: [],
  });
  const floor = target("an empty page of Next's", "/", "", null, empty.origin);
  const guardedFloor = target("the empty page behind the middleware", "/", "", null, guarded.origin);
  const visitors = [
    target("`/`", "/", "", 3),
    target("`/login`", "/login", "", 3),
    target("`/register`", "/register", "", 3),
    target("`/forgot-password`", "/forgot-password", "", 3),
    target("`/api/health`", "/api/health"),
  ];
  const made = [
    target("`/account` logged in", "/account", session, 0.7),
    target("`/account/sessions` logged in", "/account/sessions", session),
    target("`/` logged in", "/", session),
    target("`/login` with a flash message", "/login", flash),
  ];
  const targets = [floor, ...visitors, guardedFloor, ...made];

  for (const target of targets) await load(target, 2_000); // warm up
  for (let round = 1; round <= ROUNDS; round++) {
    for (const target of round % 2 === 0 ? targets.toReversed() : targets)
      target.reports.push(await load(target, COUNTED_MS));
    console.log(
      `round ${round}: ${targets.map(({ path, reports }) => `${path} ${reports.at(-1)?.perSecond.toFixed(0)}`).join(", ")}`,
    );
  }
  await Promise.all([empty.stop(), guarded.stop()]);

  const conditions = `${CONNECTIONS} connections, ${ROUNDS} rounds`;
  return [
    sectionOf("e", `Pages a second against an empty page of Next's, ${conditions}`, floor, [
      floor,
      ...visitors,
      guardedFloor,
    ]),
    sectionOf(
      "e'",
      `Pages made for each request against an empty one behind the same middleware, ${conditions}`,
      guardedFloor,
      [guardedFloor, ...made],
    ),
  ];
}

function sectionOf(letter: string, title: string, floor: Target, targets: Target[]): Section {
  return {
    letter,
    title,
    unit: "times",
    columns: ["a second", "the client's share of a core"],
    bars: targets.map(({ name, bar, reports }) => {
      const ratio: Spread = spreadOf(
        reports.map(({ perSecond }, round) => perSecond / (floor.reports[round]?.perSecond ?? Number.NaN)),
      );
      const perSecond = median(reports.map((report) => report.perSecond)).toFixed(0);
      const share = `${(100 * median(reports.map((report) => report.ownShare))).toFixed(0)} %`;
      return { name, ...ratio, bar, more: [perSecond, share] };
    }),
  };
}

async function load({ origin, path, cookie }: Target, countedMs: number): Promise<LoadReport> {
  const headers = { "x-forwarded-for": "198.18.0.1", ...(cookie && { cookie }) };
  const orders: LoadOrders = { origin, path, headers, connections: CONNECTIONS, leadMs: LEAD_MS, countedMs };
  return JSON.parse(await startChild("load.ts", orders)()) as LoadReport;
}
