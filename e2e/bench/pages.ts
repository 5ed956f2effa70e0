import { Visitor } from "../support/visitor";
import { startChild } from "./child";
import { serveEmptyPage } from "./empty-page";
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
  /** How many times the empty page it is meant to reach; null: it is for information. */
  bar: number | null;
  reports: LoadReport[];
}

/** (e) how many pages a second there are, each as a multiple of an empty page that the same Next makes. */
export async function benchPages(origin: string): Promise<Section> {
  const empty = await serveEmptyPage();
  const [email = ""] = await registerAll(origin, ["reader"]);
  const flashed = new Visitor(origin).cookies.set("latchkey.flash", "login-required");
  const targets = (
    [
      ["an empty page of Next's", "/", "", null],
      ["`/`", "/", "", 3],
      ["`/login`", "/login", "", 3],
      ["`/register`", "/register", "", 3],
      ["`/forgot-password`", "/forgot-password", "", 3],
      [
        "`/login` with a flash message",
        "/login",
        [...flashed].map((pair) => pair.join("=")).join("; "),
        null,
      ],
      ["`/account` logged in", "/account", await logInOnce(origin, email), null],
      ["`/api/health`", "/api/health", "", null],
    ] as const
  ).map(([name, path, cookie, bar], index): Target => {
    return { name, origin: index === 0 ? empty.origin : origin, path, cookie, bar, reports: [] };
  });

  for (const target of targets) await load(target, 2_000); // warm up
  for (let round = 1; round <= ROUNDS; round++) {
    for (const target of round % 2 === 0 ? targets.toReversed() : targets)
      target.reports.push(await load(target, COUNTED_MS));
    console.log(
      `round ${round}: ${targets.map(({ path, reports }) => `${path} ${reports.at(-1)?.perSecond.toFixed(0)}`).join(", ")}`,
    );
  }
  await empty.stop();

  const floor = targets[0]?.reports ?? [];
  return {
    letter: "e",
    title: `Pages a second against an empty page of Next's, ${CONNECTIONS} connections, ${ROUNDS} rounds`,
    unit: "times",
    columns: ["a second", "the client's share of a core"],
    bars: targets.map(({ name, bar, reports }) => {
      const ratio: Spread = spreadOf(
        reports.map(({ perSecond }, round) => perSecond / (floor[round]?.perSecond ?? Number.NaN)),
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
