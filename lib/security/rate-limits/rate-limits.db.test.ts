import { spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { db } from "../../platform/db";
import { CODE_LIMITS, LOGIN_LIMITS, REGISTRATION_LIMITS } from "../../shared/limits";
import { DAY_S, HOUR_S } from "../../shared/units";
import { itOnce } from "../../testing/it-once";
import { outputOf } from "../../testing/jiti";
import { consumePasswordChange, forgetChanges } from "./account-limits";
import { consumeCode, consumeEmail, consumeRegistration } from "./email-limits";
import { consumeLogin, forgetFailures } from "./login-limits";
import { purgeRateLimits } from "./rate-limits";
import { consumeProviderJourney } from "./visitor-limits";

let clients = 0;

/** A network that no other test has used. */
function newIp(): string {
  clients++;
  return `10.${clients >> 16}.${(clients >> 8) & 255}.${clients & 255}`;
}

/** A client at an address; with an id, as a browser that the account knows. */
interface Client {
  ip: string | null;
  browserId: string | null;
}

const from = (ip: string | null, browserId: string | null = null): Client => ({ ip, browserId });

const consume = (client: Client, email: string) => consumeLogin(email, client.browserId, client);

const newEmail = () => `${randomUUID()}@example.com`;

/** A clock that only moves when told to; everything else keeps its own time. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

const passTime = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

/** Seconds to wait; 0: admitted, and counted as a failure because it is not refunded. */
async function failFrom(client: Client, email: string): Promise<number> {
  const attempt = await consume(client, email);
  return attempt.ok ? 0 : attempt.retryAfterSeconds;
}

async function fail(times: number, client: Client, email: string): Promise<number[]> {
  const waits: number[] = [];
  for (let time = 0; time < times; time++) waits.push(await failFrom(client, email));
  return waits;
}

/** Logs in. */
async function succeed(client: Client, email: string): Promise<void> {
  const attempt = await consume(client, email);
  if (!attempt.ok) throw new Error(`told to wait ${attempt.retryAfterSeconds} s`);
  await attempt.succeed();
}

/** So many failures from as many networks as it takes, none of which is ever told to wait. */
async function failAsStrangers(times: number, email: string): Promise<void> {
  let client = from(newIp());
  for (let time = 0; time < times; time++) {
    if (time % 4 === 0) client = from(newIp());
    expect(await failFrom(client, email)).toBe(0);
  }
}

const pointsOf = async (key: string) => (await db.rateLimit.findUniqueOrThrow({ where: { key } })).points;

const keyOf = (email: string) => `account:${createHash("sha256").update(email).digest("hex")}`;

/** As if strangers had failed so often, without the hundreds of queries. */
async function holdAgainst(email: string, failures: number): Promise<void> {
  const key = keyOf(email);
  const now = new Date();
  const data = { failures, failedAt: now, opensAt: now };
  await db.loginBackoff.upsert({ where: { key }, create: { key, ...data }, update: data });
}

describe("consumeLogin, one account from one network", () => {
  it("admits five failures and then asks to wait 30 seconds", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    expect(await fail(6, client, email)).toEqual([0, 0, 0, 0, 0, 30]);
    passTime(29);
    expect(await failFrom(client, email)).toBe(1);
  });

  itOnce("admits one attempt a wait, and doubles the wait to 15 minutes", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(5, client, email);
    for (const wait of [30, 60, 120, 240, 480, 900, 900]) {
      expect(await failFrom(client, email)).toBe(wait);
      passTime(wait);
      expect(await failFrom(client, email)).toBe(0);
    }
  });

  itOnce("is not prolonged by attempts made while waiting", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(5, client, email);
    expect(await fail(20, client, email)).toEqual(Array(20).fill(30));
    passTime(30);
    expect(await failFrom(client, email)).toBe(0);
  });

  it("begins anew after a success", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(4, client, email);
    await succeed(client, email);
    expect(await fail(6, client, email)).toEqual([0, 0, 0, 0, 0, 30]);
  });

  it("forgets after a day without a failure, and not a second sooner", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(5, client, email);
    passTime(DAY_S - 1);
    expect(await fail(2, client, email)).toEqual([0, 60]);
    passTime(DAY_S);
    expect(await fail(6, client, email)).toEqual([0, 0, 0, 0, 0, 30]);
  });

  itOnce("does not hinder other networks, nor other accounts", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(6, client, email);
    expect(await failFrom(from(newIp()), email)).toBe(0);
    expect(await failFrom(client, newEmail())).toBe(0);
  });

  itOnce("counts an IPv6 /64 as one, and IPv4 mapped to IPv6 as IPv4", async () => {
    const email = newEmail();
    for (let host = 1; host <= 5; host++) await failFrom(from(`2001:db8:1:2:${host}::${host}`), email);
    expect(await failFrom(from("2001:db8:1:2:ffff::1"), email)).toBe(30);
    expect(await failFrom(from("2001:db8:1:3::1"), email)).toBe(0);

    const ip = newIp();
    await fail(5, from(ip), email);
    expect(await failFrom(from(`::ffff:${ip}`), email)).toBe(30);
  });

  it("of fifty at once admits exactly five, and holds five against the network", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    const waits = await Promise.all(Array.from({ length: 50 }, () => failFrom(client, email)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    expect(waits.filter((wait) => wait === 30)).toHaveLength(45);
    expect(await pointsOf(`login:${client.ip}`)).toBe(5);
  });

  itOnce(
    "of fifty at once from two processes admits exactly five",
    async () => {
      const args = ["../testing/consume-logins", newEmail(), newIp(), "25"];
      const processes = [1, 2].map(() =>
        spawn(process.execPath, [fileURLToPath(new URL("../../cli/run.mjs", import.meta.url)), ...args], {
          stdio: ["pipe", "pipe", "inherit"],
        }),
      );
      const outputs = processes.map(outputOf);
      await Promise.all(processes.map((child) => once(child.stdout, "data")));
      for (const child of processes) child.stdin.write("go\n");
      const admitted = (await Promise.all(outputs)).map((output) => Number(output.split("\n")[1]));
      expect(admitted.reduce((sum, count) => sum + count)).toBe(5);
    },
    60_000,
  );
});

describe("consumeLogin, one network over all accounts", () => {
  itOnce("admits 30 failures in five minutes", async () => {
    const client = from(newIp());
    for (let failure = 1; failure <= 30; failure++) expect(await failFrom(client, newEmail())).toBe(0);
    expect(await failFrom(client, newEmail())).toBe(300);
    passTime(299);
    expect(await failFrom(client, newEmail())).toBe(1);
    passTime(1);
    expect(await failFrom(client, newEmail())).toBe(0);
  });

  itOnce("does not hinder other networks", async () => {
    const client = from(newIp());
    for (let failure = 1; failure <= 30; failure++) await failFrom(client, newEmail());
    expect(await failFrom(from(newIp()), newEmail())).toBe(0);
  });

  itOnce("counts failures alone: successes are refunded", async () => {
    const client = from(newIp());
    for (let failure = 1; failure <= 29; failure++) await failFrom(client, newEmail());
    for (let success = 1; success <= 5; success++) await succeed(client, newEmail());
    expect(await failFrom(client, newEmail())).toBe(0);
    expect(await failFrom(client, newEmail())).toBe(300);
  });

  it("refunds nothing to a window that began after the attempt", async () => {
    const client = from(newIp());
    const attempt = await consume(client, newEmail());
    passTime(300);
    await failFrom(client, newEmail());
    if (attempt.ok) await attempt.succeed();
    expect(await pointsOf(`login:${client.ip}`)).toBe(1);
  });

  it("of fifty accounts at once admits exactly 30, and holds nothing against the other twenty", async () => {
    const client = from(newIp());
    const emails = Array.from({ length: 50 }, newEmail);
    const waits = await Promise.all(emails.map((email) => failFrom(client, email)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(30);
    expect(waits.filter((wait) => wait === 300)).toHaveLength(20);
    const held = await db.loginBackoff.count({
      where: { key: { startsWith: "pair:", endsWith: `:${client.ip}` } },
    });
    expect(held).toBe(30);
    expect(await pointsOf(`login:${client.ip}`)).toBe(30);
  });

  itOnce("tells the longer of two waits", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(5, client, email);
    for (let failure = 6; failure <= 30; failure++) await failFrom(client, newEmail());
    expect(await failFrom(client, email)).toBe(300);
  });
});

describe("consumeLogin, one account", () => {
  itOnce("shuts it after 100 failures in a row, and then lets in one attempt an hour", async () => {
    const email = newEmail();
    await failAsStrangers(100, email);
    expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
    passTime(HOUR_S - 1);
    expect(await failFrom(from(newIp()), email)).toBe(1);
    passTime(1);
    expect(await failFrom(from(newIp()), email)).toBe(0);
    expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
  });

  itOnce("opens to its owner by itself, however often it was shut", async () => {
    const email = newEmail();
    await holdAgainst(email, 100);
    passTime(HOUR_S);
    await succeed(from(newIp()), email);
    await failAsStrangers(4, email);
  });

  it("opens at once when its failures are forgotten", async () => {
    const email = newEmail();
    await holdAgainst(email, 100);
    expect(await forgetFailures(email)).toBe(true);
    expect(await failFrom(from(newIp()), email)).toBe(0);
  });

  itOnce.each([
    ["an IPv4 address", () => "203.0.113.77"],
    [
      "an IPv6 /48, whichever of its addresses",
      (attempt: number) => `2001:db8:77:${attempt.toString(16)}::1`,
    ],
  ])(
    "is shut to one network after twenty, but for one attempt an hour, and to no other: %s",
    async (_, ipOf) => {
      const email = newEmail();
      const { failuresInARowOfNetwork, failuresPerNetwork, longestWaitSeconds } = LOGIN_LIMITS;
      const admitted: number[] = [];
      const hours = 8;
      for (let attempt = 0; attempt < (hours * HOUR_S) / longestWaitSeconds; attempt++) {
        admitted.push(await failFrom(from(ipOf(attempt)), email));
        passTime(longestWaitSeconds);
      }
      for (let attempt = 0; attempt < failuresPerNetwork; attempt++)
        admitted.push(await failFrom(from(ipOf(1000 + attempt)), email));
      const count = admitted.filter((wait) => wait === 0).length;
      expect(count).toBeGreaterThanOrEqual(failuresInARowOfNetwork);
      expect(count).toBeLessThanOrEqual(failuresInARowOfNetwork + hours);
      await succeed(from(newIp()), email);
    },
  );

  it("writes nothing for those it refuses", async () => {
    const [ip, email] = [newIp(), newEmail()];
    await fail(5, from(ip), email);
    await holdAgainst(email, 99);
    await failFrom(from(newIp()), email);
    const rows = async () => [await db.loginBackoff.findMany(), await db.rateLimit.findMany()];
    const before = await rows();
    expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
    expect(await failFrom(from(ip), email)).toBe(HOUR_S);
    expect(await rows()).toEqual(before);
  });

  it("forgets one failure for each whole hour without another", async () => {
    const email = newEmail();
    await holdAgainst(email, 100);
    passTime(10 * HOUR_S - 1);
    await failAsStrangers(9, email);
    expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
    passTime(100 * HOUR_S + 1);
    await purgeRateLimits();
    expect(await db.loginBackoff.findUnique({ where: { key: keyOf(email) } })).toBeNull();
  });

  itOnce("begins to count anew after a success", async () => {
    const email = newEmail();
    await holdAgainst(email, 99);
    await succeed(from(newIp()), email);
    await failAsStrangers(100, email);
    expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
  });

  it("of twenty at once admits exactly those that were left, and refunds the networks of the others", async () => {
    const email = newEmail();
    await holdAgainst(email, 93);
    const ips = Array.from({ length: 20 }, newIp);
    const waits = await Promise.all(ips.map((ip) => failFrom(from(ip), email)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(7);
    const counted = await db.rateLimit.findMany({ where: { key: { in: ips.map((ip) => `login:${ip}`) } } });
    expect(counted.reduce((sum, { points }) => sum + points, 0)).toBe(7);
  });
});

describe("consumeLogin from a browser the account knows", () => {
  itOnce(
    "is not hindered by strangers' failures: neither by those of its own network nor by a shut account",
    async () => {
      const [ip, email] = [newIp(), newEmail()];
      const browserId = randomUUID();
      await fail(6, from(ip), email);
      for (let failure = 6; failure <= 30; failure++) await failFrom(from(ip), newEmail());
      expect(await failFrom(from(ip), newEmail())).toBe(300);
      await holdAgainst(email, 100);
      expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
      await succeed(from(ip, browserId), email);
    },
  );

  itOnce("opens a shut account to strangers again when it logs in", async () => {
    const email = newEmail();
    await holdAgainst(email, 100);
    await succeed(from(newIp(), randomUUID()), email);
    expect(await failFrom(from(newIp()), email)).toBe(0);
  });

  itOnce("waits for its own failures, wherever it is", async () => {
    const email = newEmail();
    const browserId = randomUUID();
    for (let failure = 1; failure <= 5; failure++)
      expect(await failFrom(from(newIp(), browserId), email)).toBe(0);
    for (const wait of [30, 60, 120, 240, 480, 900, 900]) {
      expect(await failFrom(from(newIp(), browserId), email)).toBe(wait);
      passTime(wait);
      expect(await failFrom(from(newIp(), browserId), email)).toBe(0);
    }
  });

  itOnce("has its failures counted against no other client", async () => {
    const [ip, email] = [newIp(), newEmail()];
    const browserId = randomUUID();
    await fail(6, from(ip, browserId), email);
    await holdAgainst(email, 99);
    expect(await fail(2, from(ip), email)).toEqual([0, HOUR_S]);
  });

  it("begins anew after a success", async () => {
    const [email, browserId] = [newEmail(), randomUUID()];
    expect(await fail(6, from(newIp(), browserId), email)).toEqual([0, 0, 0, 0, 0, 30]);
    passTime(30);
    await succeed(from(newIp(), browserId), email);
    expect(await fail(6, from(newIp(), browserId), email)).toEqual([0, 0, 0, 0, 0, 30]);
  });

  itOnce("is counted apart from other browsers that the account knows", async () => {
    const email = newEmail();
    await fail(6, from(newIp(), randomUUID()), email);
    expect(await failFrom(from(newIp(), randomUUID()), email)).toBe(0);
  });

  it("of fifty at once admits exactly five", async () => {
    const email = newEmail();
    const browserId = randomUUID();
    const waits = await Promise.all(
      Array.from({ length: 50 }, () => failFrom(from(newIp(), browserId), email)),
    );
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
  });

  itOnce("counts as unknown after 100 failures in a row, until it logs in or a day has passed", async () => {
    const email = newEmail();
    const browserId = randomUUID();
    for (let failure = 1; failure <= 100; failure++) {
      expect(await failFrom(from(newIp(), browserId), email)).toBe(0);
      passTime(HOUR_S);
    }
    await holdAgainst(email, 100);
    expect(await failFrom(from(newIp(), browserId), email)).toBe(HOUR_S);
    passTime(DAY_S - HOUR_S);
    await holdAgainst(email, 100);
    await succeed(from(newIp(), browserId), email);
  });
});

describe("consumeLogin, right passwords", () => {
  const { loginsPerAccount, loginsPerNetwork, firstLogins, loginWindowSeconds } = LOGIN_LIMITS;

  /** As if there had been so many logins at an account or from a network. */
  async function holdLogins(key: string, points: number): Promise<void> {
    const expire = new Date(Date.now() + loginWindowSeconds * 1000);
    const data = { points, expire };
    await db.rateLimit.upsert({ where: { key }, create: { key, ...data }, update: data });
  }

  /** As a right password does. */
  async function forgetFailuresOf(browserId: string): Promise<void> {
    await db.loginBackoff.deleteMany({ where: { key: { endsWith: browserId } } });
  }

  const accountLogins = (email: string) =>
    `login-account:${createHash("sha256").update(email).digest("hex")}`;
  const networkLogins = (ip: string) => `login-network:${ip}`;

  itOnce.each([null, "known"])(
    "admits sixty in five minutes at one account, wherever from: browser %s",
    async (browser) => {
      const email = newEmail();
      for (let login = 1; login <= loginsPerAccount; login++) await succeed(from(newIp(), browser), email);
      expect(await failFrom(from(newIp(), browser), email)).toBe(loginWindowSeconds);
      expect(await failFrom(from(newIp()), newEmail()), "another account").toBe(0);
      passTime(loginWindowSeconds);
      await succeed(from(newIp(), browser), email);
    },
  );

  it("are a known browser's own: who has the password does not keep its owner out, and the other way round", async () => {
    const [email, other] = [newEmail(), newEmail()];
    await holdLogins(accountLogins(email), loginsPerAccount);
    expect(await failFrom(from(newIp()), email)).toBe(loginWindowSeconds);
    await succeed(from(newIp(), randomUUID()), email);
    await holdLogins(`${accountLogins(other)}:busy`, loginsPerAccount);
    expect(await failFrom(from(newIp(), "busy"), other)).toBe(loginWindowSeconds);
    expect(await failFrom(from(newIp()), other)).toBe(0);
  });

  itOnce("lets an office of 300 in within five minutes, and then asks strangers to wait", async () => {
    const ip = newIp();
    for (let person = 1; person <= loginsPerNetwork; person++) await succeed(from(ip), newEmail());
    expect(await failFrom(from(ip), newEmail())).toBe(loginWindowSeconds);
    expect(await failFrom(from(newIp()), newEmail()), "elsewhere").toBe(0);
  });

  itOnce(
    "holds a known browser back for its network, but not one that has hardly logged in, whoever else has",
    async () => {
      const [ip, quiet, browserId] = [newIp(), newEmail(), randomUUID()];
      await holdLogins(networkLogins(ip), loginsPerNetwork);
      await holdLogins(accountLogins(quiet), firstLogins); // by somebody who has the password alone
      for (let login = 1; login <= firstLogins; login++) await succeed(from(ip, browserId), quiet);
      expect(await failFrom(from(ip, browserId), quiet)).toBe(loginWindowSeconds);
      expect(await failFrom(from(newIp(), browserId), quiet), "elsewhere").toBe(0);
    },
  );

  itOnce(
    "count of a known browser every attempt, so that wrong ones between right ones come to no more",
    async () => {
      const [ip, email, browserId] = [newIp(), newEmail(), randomUUID()];
      let compared = 0;
      while ((await failFrom(from(ip, browserId), email)) === 0) {
        compared++;
        if (compared % 5 === 0) await forgetFailuresOf(browserId);
      }
      expect(compared).toBe(loginsPerAccount);
      expect(await pointsOf(networkLogins(ip))).toBe(loginsPerAccount);
    },
  );

  itOnce("begin anew with a new password, and when the operator says so", async () => {
    const email = newEmail();
    await holdLogins(accountLogins(email), loginsPerAccount);
    expect(await failFrom(from(newIp()), email)).toBe(loginWindowSeconds);
    await holdLogins(`${accountLogins(email)}:busy`, loginsPerAccount);
    await forgetFailures(email, db, ["busy"]);
    for (const browserId of [null, "busy"]) await succeed(from(newIp(), browserId), email);
  });

  itOnce("are not used up by wrong ones: strangers do not keep the owner out", async () => {
    const [ip, email] = [newIp(), newEmail()];
    await fail(5, from(ip), email);
    expect(await db.rateLimit.findUnique({ where: { key: accountLogins(email) } })).toBeNull();
    expect(await db.rateLimit.findUnique({ where: { key: networkLogins(ip) } })).toBeNull();
  });
});

describe("consumeLogin from an unknown network", () => {
  const { failuresBeforeWait, longestWaitUnknownSeconds } = LOGIN_LIMITS;

  itOnce.each([null, "garbage"])(
    "admits five failures, then one attempt every 30 seconds: %s",
    async (ip) => {
      const email = newEmail();
      expect(await fail(6, from(ip), email)).toEqual([0, 0, 0, 0, 0, 30]);
      for (let wait = 1; wait <= 20; wait++) {
        passTime(29);
        expect(await failFrom(from(ip), email)).toBe(1);
        passTime(1);
        expect(await fail(2, from(ip), email)).toEqual([0, 30]);
      }
    },
  );

  itOnce(
    "never shuts the account, however many failures there were: its owner waits for half a minute",
    async () => {
      const email = newEmail();
      const waits = await fail(200, from(null), email);
      expect(Math.max(...waits)).toBeLessThanOrEqual(longestWaitUnknownSeconds);
      for (let failure = 1; failure <= 100; failure++) {
        passTime(longestWaitUnknownSeconds);
        expect(await failFrom(from(null), email)).toBe(0);
      }
      passTime(longestWaitUnknownSeconds);
      await succeed(from(null), email);
      expect(await failFrom(from(null), email)).toBe(0);
    },
  );

  itOnce("is not kept out of an account that is shut to the networks that are known", async () => {
    const email = newEmail();
    await holdAgainst(email, 100);
    expect(await failFrom(from(newIp()), email)).toBe(HOUR_S);
    await succeed(from(null), email);
  });

  itOnce("hinders no client whose network is known, and no other account", async () => {
    const email = newEmail();
    await fail(20, from(null), email);
    expect(await failFrom(from(newIp()), email)).toBe(0);
    expect(await failFrom(from(null), newEmail())).toBe(0);
    expect((await db.loginBackoff.findUniqueOrThrow({ where: { key: keyOf(email) } })).failures).toBe(1);
  });

  itOnce("counts no site-wide total, whichever accounts are tried", async () => {
    const before = await db.rateLimit.count();
    for (let failure = 1; failure <= 31; failure++) expect(await failFrom(from(null), newEmail())).toBe(0);
    expect(await db.rateLimit.count()).toBe(before);
  });

  it("of fifty at once admits exactly five", async () => {
    const email = newEmail();
    const waits = await Promise.all(Array.from({ length: 50 }, () => failFrom(from(null), email)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(failuresBeforeWait);
    expect(waits.filter((wait) => wait === longestWaitUnknownSeconds)).toHaveLength(50 - failuresBeforeWait);
  });

  itOnce("begins to count anew after a success, and after a new password", async () => {
    const email = newEmail();
    await fail(4, from(null), email);
    await succeed(from(null), email);
    expect(await fail(6, from(null), email)).toEqual([0, 0, 0, 0, 0, 30]);
    expect(await forgetFailures(email)).toBe(true);
    expect(await fail(6, from(null), email)).toEqual([0, 0, 0, 0, 0, 30]);
  });

  itOnce("never hinders a browser that the account knows", async () => {
    const email = newEmail();
    await fail(6, from(null), email);
    await succeed(from(null, randomUUID()), email);
  });
});

describe("consumeLogin for an address without an account", () => {
  it("answers as for one with an account, and keeps no address", async () => {
    const [known, unknown] = [newEmail(), newEmail()];
    await db.user.create({
      data: { username: known, usernameCanonical: known, email: known, emailCanonical: known },
    });
    const story = async (email: string) => {
      const waits = await fail(7, from(newIp()), email);
      passTime(30);
      await holdAgainst(email, 99);
      return [...waits, ...(await fail(2, from(newIp()), email))];
    };
    expect(await story(unknown)).toEqual([0, 0, 0, 0, 0, 30, 30, 0, HOUR_S]);
    expect(await story(known)).toEqual([0, 0, 0, 0, 0, 30, 30, 0, HOUR_S]);
    const rows = await db.loginBackoff.findMany();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(unknown.split("@")[0]);
  });
});

describe("without its tables", () => {
  it.each(["LoginBackoff", "RateLimit"])("lets no attempt in uncounted: %s", async (table) => {
    await db.$executeRawUnsafe(`ALTER TABLE "${table}" RENAME TO "Away"`);
    try {
      await expect(consume(from(newIp()), newEmail())).rejects.toThrow();
      if (table === "RateLimit") await expect(consumeRegistration(from(newIp()))).rejects.toThrow();
    } finally {
      await db.$executeRawUnsafe(`ALTER TABLE "Away" RENAME TO "${table}"`);
    }
  });
});

describe("consumeRegistration", () => {
  itOnce("admits ten an hour and 30 a day from one network", async () => {
    const client = from(newIp());
    for (let hour = 1; hour <= 3; hour++) {
      for (let count = 1; count <= 10; count++) expect(await consumeRegistration(client)).toBeNull();
      if (hour === 3) break;
      expect(await consumeRegistration(client)).toBe(3600);
      passTime(3600);
    }
    expect(await consumeRegistration(client)).toBe(DAY_S - 2 * 3600);
    expect(await consumeRegistration(from(newIp()))).toBeNull();
    passTime(DAY_S - 2 * 3600 - 1);
    expect(await consumeRegistration(client)).toBe(1);
    passTime(1);
    expect(await consumeRegistration(client)).toBeNull();
  });

  itOnce("has no limit for an unknown network, which would be one for the whole site", async () => {
    for (let count = 1; count <= 31; count++) expect(await consumeRegistration(from(null))).toBeNull();
  });

  itOnce(
    "counts the /56 and the /48 around an IPv6 address too, with four and sixteen times the limit",
    async () => {
      const { perHour } = REGISTRATION_LIMITS;
      const registerIn = async (networks: number, prefix: (index: number) => string) => {
        let admitted = 0;
        for (let index = 0; index < networks; index++)
          for (let count = 0; count < perHour; count++)
            if ((await consumeRegistration(from(`${prefix(index)}::${count + 1}`))) === null) admitted++;
        return admitted;
      };
      expect(await registerIn(5, (index) => `2001:db8:a:${index}`)).toBe(4 * perHour);
      expect(await consumeRegistration(from("2001:db8:a:ff::1")), "the same /56").toBe(3600);
      expect(await consumeRegistration(from("2001:db8:a:100::1")), "the next one").toBeNull();
      expect(await registerIn(20, (index) => `2001:db8:b:${(index + 1).toString(16)}00`)).toBe(16 * perHour);
      expect(await consumeRegistration(from("2001:db8:b:ff00::1")), "the same /48").toBe(3600);
      expect(await consumeRegistration(from("2001:db8:c::1")), "another one").toBeNull();
    },
  );

  itOnce("gives back what a wider network's limit refuses", async () => {
    const failIn = async (host: string) => failFrom(from(`2001:db8:d:${host}::1`), newEmail());
    for (let network = 0; network < 4; network++)
      for (let count = 0; count < LOGIN_LIMITS.failuresPerNetwork; count++)
        expect(await failIn(String(network))).toBe(0);
    expect(await failIn("7"), "the /56 has had its failures").toBeGreaterThan(0);
    const rows = await db.rateLimit.findMany({ where: { key: { startsWith: "login:2001:db8:d:7::" } } });
    expect(rows.reduce((points, row) => points + row.points, 0)).toBe(0);
  });

  itOnce("counts an IPv6 /64 as one", async () => {
    for (let host = 1; host <= 10; host++)
      expect(await consumeRegistration(from(`2001:db8:9:9::${host}`))).toBeNull();
    expect(await consumeRegistration(from("2001:db8:9:9:8000::"))).toBe(3600);
    expect(await consumeRegistration(from("2001:db8:9:a::1"))).toBeNull();
  });

  it("of fifty at once admits exactly ten", async () => {
    const client = from(newIp());
    const waits = await Promise.all(Array.from({ length: 50 }, () => consumeRegistration(client)));
    expect(waits.filter((wait) => wait === null)).toHaveLength(10);
    expect(await pointsOf(`register-day:${client.ip}`)).toBe(10);
  });

  it("of fifty at once admits exactly what is left of the day, and holds nothing against the hour beyond", async () => {
    const client = from(newIp());
    for (const count of [10, 10, 5]) {
      for (let time = 1; time <= count; time++) await consumeRegistration(client);
      passTime(3600);
    }
    const waits = await Promise.all(Array.from({ length: 50 }, () => consumeRegistration(client)));
    expect(waits.filter((wait) => wait === null)).toHaveLength(5);
    expect(await pointsOf(`register-hour:${client.ip}`)).toBe(5);
  });
});

describe("consumeProviderJourney", () => {
  itOnce(
    "sends 300 strangers of a network to providers in five minutes, those without a network freely, and a known browser by itself",
    async () => {
      const client = from(newIp());
      const times = async (count: number, browserId: string | null, of = client) => {
        for (let done = 0; done < count; done++)
          expect(await consumeProviderJourney(browserId, of)).toBeNull();
      };
      await times(300, null);
      expect(await consumeProviderJourney(null, client)).toBe(300);
      await times(60, "a browser");
      expect(await consumeProviderJourney("a browser", client)).toBe(300);
      await times(1, "another browser");
      await times(1, null, from(newIp()));
      await times(301, null, from(null));
      passTime(300);
      await times(1, null);
    },
  );
});

describe("consumePasswordChange", () => {
  it("admits ten a day of one account, and begins anew when a thief is kept out", async () => {
    const [ada, bob] = [randomUUID(), randomUUID()];
    for (let count = 1; count <= 10; count++) expect(await consumePasswordChange(ada)).toBeNull();
    expect(await consumePasswordChange(ada)).toBe(DAY_S);
    expect(await consumePasswordChange(bob)).toBeNull();
    await db.$transaction((tx) => forgetChanges(ada, tx));
    for (let count = 1; count <= 10; count++) expect(await consumePasswordChange(ada)).toBeNull();
    passTime(DAY_S);
    expect(await consumePasswordChange(ada)).toBeNull();
  });
});

describe("consumeEmail", () => {
  it("admits five an hour to one address, from any number of networks", async () => {
    const email = newEmail();
    for (let count = 1; count <= 5; count++) expect(await consumeEmail(email, from(newIp()))).toBeNull();
    expect(await consumeEmail(email, from(newIp()))).toBe(3600);
    expect(await consumeEmail(newEmail(), from(newIp()))).toBeNull();
    passTime(3600);
    expect(await consumeEmail(email, from(newIp()))).toBeNull();
  });

  itOnce("admits fifteen an hour from one network, whatever addresses they go to", async () => {
    const client = from(newIp());
    for (let count = 1; count <= 15; count++) expect(await consumeEmail(newEmail(), client)).toBeNull();
    expect(await consumeEmail(newEmail(), client)).toBe(3600);
    passTime(3600);
    expect(await consumeEmail(newEmail(), client)).toBeNull();
  });

  itOnce("counts an unknown network by the address alone", async () => {
    const email = newEmail();
    for (let count = 1; count <= 16; count++) expect(await consumeEmail(newEmail(), from(null))).toBeNull();
    for (let count = 1; count <= 5; count++) expect(await consumeEmail(email, from(null))).toBeNull();
    expect(await consumeEmail(email, from(null))).toBe(3600);
  });

  it("of fifty at once to one address admits exactly five, and holds no more against the network", async () => {
    const [email, client] = [newEmail(), from(newIp())];
    const waits = await Promise.all(Array.from({ length: 50 }, () => consumeEmail(email, client)));
    expect(waits.filter((wait) => wait === null)).toHaveLength(5);
    expect(await pointsOf(`email-network:${client.ip}`)).toBe(5);
  });
});

describe("consumeCode", () => {
  const { perAddress, perAddressDay, perNetwork } = CODE_LIMITS;

  itOnce("admits twenty codes an hour for one address, from wherever they are typed", async () => {
    const email = newEmail();
    for (let count = 1; count <= perAddress; count++)
      expect(await consumeCode(email, from(newIp()))).toBeNull();
    expect(await consumeCode(email, from(newIp()))).toBe(3600);
    expect(await consumeCode(newEmail(), from(newIp()))).toBeNull();
    passTime(3600);
    expect(await consumeCode(email, from(newIp()))).toBeNull();
  });

  itOnce("admits sixty a day for one address", async () => {
    const email = newEmail();
    for (let hour = 0; hour < perAddressDay / perAddress; hour++) {
      for (let count = 1; count <= perAddress; count++)
        expect(await consumeCode(email, from(newIp()))).toBeNull();
      passTime(3600);
    }
    expect(await consumeCode(email, from(newIp()))).toBe(DAY_S - 3 * 3600);
    expect(await consumeCode(newEmail(), from(newIp()))).toBeNull();
  });

  itOnce("admits sixty an hour from one network, whatever addresses they are for", async () => {
    const client = from(newIp());
    for (let count = 1; count <= perNetwork; count++)
      expect(await consumeCode(newEmail(), client)).toBeNull();
    expect(await consumeCode(newEmail(), client)).toBe(3600);
    expect(await consumeCode(newEmail(), from(newIp()))).toBeNull();
  });

  itOnce("counts an unknown network by the address alone, and no email", async () => {
    const email = newEmail();
    for (let count = 1; count <= perNetwork + 1; count++)
      expect(await consumeCode(newEmail(), from(null))).toBeNull();
    for (let count = 1; count <= perAddress; count++) expect(await consumeCode(email, from(null))).toBeNull();
    expect(await consumeCode(email, from(null))).toBe(3600);
    expect(await consumeEmail(email, from(null))).toBeNull();
  });
});

describe("forgetFailures", () => {
  it("ends every wait at one account and no other", async () => {
    const [ip, email, other] = [newIp(), newEmail(), newEmail()];
    const browserId = randomUUID();
    await fail(6, from(ip), email);
    await fail(6, from(ip, browserId), email);
    await fail(6, from(ip), other);
    expect(await forgetFailures(email)).toBe(true);
    expect(await failFrom(from(ip), email)).toBe(0);
    expect(await failFrom(from(ip, browserId), email)).toBe(0);
    expect(await failFrom(from(ip), other)).toBe(30);
  });

  itOnce("says when there was nothing to end", async () => {
    expect(await forgetFailures(newEmail())).toBe(false);
  });
});

describe("purgeRateLimits", () => {
  it("removes what no longer counts", async () => {
    await db.loginBackoff.deleteMany();
    const [client, email] = [from(newIp()), newEmail()];
    const browserId = randomUUID();
    await failFrom(client, email);
    await failFrom(from(newIp(), browserId), email);
    await consumeRegistration(client);
    passTime(91 * DAY_S);
    await purgeRateLimits();
    expect(await db.loginBackoff.count()).toBe(0);
    expect(await db.rateLimit.count()).toBe(0);
  });

  it("leaves what still counts", async () => {
    const [client, email] = [from(newIp()), newEmail()];
    await fail(5, client, email);
    for (let count = 1; count <= REGISTRATION_LIMITS.perHour; count++) await consumeRegistration(client);
    await purgeRateLimits();
    expect(await failFrom(client, email)).toBe(30);
    expect(await consumeRegistration(client)).toBe(3600);
  });
});
