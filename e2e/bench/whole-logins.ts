import { setTimeout as delay } from "node:timers/promises";
import type { BrowserOrders, BrowserReport } from "./browsers";
import { startChild } from "./child";
import type { Section } from "./report";
import { exchange, keepDoing, median, PASSWORD, percentile, rateOf, registerAll, spreadOf } from "./tools";

const BROWSERS = 8;

/** So many that none is near the limit of right logins at one account. */
const ACCOUNTS = 40;

const LEAD_MS = 1_500;
const COUNTED_MS = 10_000;
const ROUNDS = 5;

/** Between two pages of the visitor who meanwhile looks around, in milliseconds. */
const PAGE_EVERY_MS = 50;

/**
 * (a') whole logins, page and form, as a share of raw verifications, while another visitor asks for a page every 50 ms; and
 * what that visitor sees, against idle.
 */
export async function benchWholeLogins(origin: string): Promise<Section[]> {
  const { HashPool } = await import("../../lib/testing/product");
  const pool = new HashPool();
  const hash = await pool.run({ password: PASSWORD, cost: 12 });
  const verify = () => pool.run({ password: PASSWORD, hash });
  const names = Array.from({ length: ACCOUNTS }, (_, index) => `whole-${index}`);
  const emails = await registerAll(origin, names);
  const orders: BrowserOrders = {
    origin,
    emails,
    password: PASSWORD,
    browsers: BROWSERS,
    leadMs: LEAD_MS,
    countedMs: COUNTED_MS,
  };

  const [ratios, shares]: number[][] = [[], []];
  const [idle, busy]: number[][] = [[], []];
  await logInMeanwhile({ ...orders, countedMs: 2_000 }); // warm up
  for (let round = 1; round <= ROUNDS; round++) {
    const raw = rateOf(await keepDoing(pool.size, LEAD_MS + COUNTED_MS, verify), LEAD_MS, COUNTED_MS);
    const quiet = await lookAround(origin, delay(COUNTED_MS));
    const { report, seen } = await logInMeanwhile(orders);
    idle?.push(...quiet);
    busy?.push(...seen);
    ratios?.push(report.perSecond / raw);
    shares?.push(report.ownShare);
    console.log(
      `round ${round}: ${raw.toFixed(2)} raw verifications/s (${pool.library}), ${report.perSecond.toFixed(2)} whole logins/s, ` +
        `ratio ${(report.perSecond / raw).toFixed(3)}; another visitor's pages p50 ${percentile(seen, 0.5).toFixed(1)} ms, ` +
        `p99 ${percentile(seen, 0.99).toFixed(1)} ms, idle ${percentile(quiet, 0.5).toFixed(1)} and ${percentile(quiet, 0.99).toFixed(1)} ms`,
    );
  }
  return [sectionOf({ ratios: ratios ?? [], shares: shares ?? [], idle: idle ?? [], busy: busy ?? [] })];
}

async function logInMeanwhile(orders: BrowserOrders): Promise<{ report: BrowserReport; seen: number[] }> {
  const nextLine = startChild("browsers.ts", orders);
  await nextLine();
  const last = nextLine();
  const seen = await lookAround(orders.origin, delay(orders.countedMs));
  return { report: JSON.parse(await last) as BrowserReport, seen };
}

/** Asks for a page every 50 ms, whether or not the last one is there; answers the times they took, in milliseconds. */
async function lookAround(origin: string, until: Promise<unknown>): Promise<number[]> {
  const pages: ReturnType<typeof exchange>[] = [];
  const timer = setInterval(() => pages.push(exchange(origin, { path: "/login" })), PAGE_EVERY_MS);
  await until;
  clearInterval(timer);
  return (await Promise.all(pages)).map(({ status, ms }) => {
    if (status !== 200) throw new Error(`a page was answered ${status}`);
    return ms;
  });
}

function sectionOf({
  ratios,
  shares,
  idle,
  busy,
}: Record<"ratios" | "shares" | "idle" | "busy", number[]>): Section {
  const at = (share: number) => {
    const [during, before] = [percentile(busy, share), percentile(idle, share)];
    return `p${share * 100} ${during.toFixed(1)} ms against ${before.toFixed(1)} ms idle, ${(during / before).toFixed(1)} times`;
  };
  return {
    letter: "a'",
    title: `Whole logins, page and form, as a share of raw bcrypt at cost 12, ${BROWSERS} browsers, ${ROUNDS} rounds`,
    unit: "of raw bcrypt",
    columns: ["the client's share of a core"],
    bars: [
      {
        name: "page and form",
        ...spreadOf(ratios),
        bar: 0.88,
        more: [`${(100 * median(shares)).toFixed(0)} %`],
      },
    ],
    notes: [`Another visitor's pages meanwhile, one every ${PAGE_EVERY_MS} ms: ${at(0.5)}; ${at(0.99)}.`],
  };
}
