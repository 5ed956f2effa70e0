import { type OutgoingHttpHeaders, request } from "node:http";
import { newAddress } from "../support/visitor";

/** How the process is told what to do, as JSON in its one argument. */
export interface BrowserOrders {
  origin: string;
  emails: string[];
  password: string;
  /** So many browsers log in at all times. */
  browsers: number;
  /** How long they do before anything is counted, and how long they are counted, in milliseconds. */
  leadMs: number;
  countedMs: number;
}

/** What it reports as JSON: the logins, and the share of a core that it took itself meanwhile. */
export interface BrowserReport {
  perSecond: number;
  ownShare: number;
}

const BOUNDARY = "----browser";

/**
 * Logs in again and again without a script, each time as a new browser from another network: opens the page over a new
 * connection, sends its form over another, and keeps nothing. Says "started" when the counting begins.
 */
async function logIns({
  origin,
  browsers,
  leadMs,
  countedMs,
  ...accounts
}: BrowserOrders): Promise<BrowserReport> {
  const start = performance.now() + leadMs;
  const ends: number[] = [];
  let turn = 0;
  const browse = async () => {
    while (performance.now() < start + countedMs) {
      await logIn(origin, accounts.emails[turn++ % accounts.emails.length] ?? "", accounts.password);
      ends.push(performance.now() - start);
    }
  };
  let cpu = process.cpuUsage();
  setTimeout(() => {
    cpu = process.cpuUsage();
    console.log("started");
  }, leadMs);
  await Promise.all(Array.from({ length: browsers }, browse));
  const { user, system } = process.cpuUsage(cpu);
  // Between the first end and the last while every browser was at it.
  const counted = ends.filter((ms) => ms > 0 && ms < countedMs);
  const seconds = ((counted.at(-1) ?? 0) - (counted[0] ?? 0)) / 1000;
  return { perSecond: (counted.length - 1) / seconds, ownShare: (user + system) / 1e3 / countedMs };
}

async function logIn(origin: string, email: string, password: string): Promise<void> {
  const from = { "x-forwarded-for": newAddress() };
  const page = await exchange(`${origin}/login`, from);
  const form = page.body.split("</form>").find((part) => part.includes('name="email"')) ?? "";
  const hidden = [...form.matchAll(/<input type="hidden"[^>]*? name="([^"]*)"(?: value="([^"]*)")?/g)].map(
    ([, name = "", value = ""]) => [name, value.replaceAll("&quot;", '"')],
  );
  const fields = [...hidden, ["email", email], ["password", password]];
  const parts = fields.map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const { status } = await exchange(
    `${origin}/login`,
    { ...from, origin, "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
    `${parts.join("")}--${BOUNDARY}--\r\n`,
  );
  if (status !== 303) throw new Error(`a login was answered ${status}`);
}

function exchange(
  url: string,
  headers: OutgoingHttpHeaders,
  form?: string,
): Promise<{ status: number; body: string }> {
  const method = form === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    request(url, { agent: false, method, headers }, async (answer) => {
      const chunks: Buffer[] = await answer.toArray();
      resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    })
      .once("error", reject)
      .end(form);
  });
}

const [, , orders] = process.argv;
if (orders) console.log(JSON.stringify(await logIns(JSON.parse(orders))));
