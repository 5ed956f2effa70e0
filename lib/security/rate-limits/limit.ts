import "server-only";
import { createHash } from "node:crypto";
import { countedNetworks } from "../../platform/address";
import type { ClientInfo } from "../../platform/client-info";
import type { Attempt } from "./attempt";
import { makeWindow, type Window } from "./window";

/** A window and what it counts. */
export interface Limit {
  window: Window;
  key: string;
}

/** The limits of a client's networks, the wider ones the higher; none where its address is unknown. */
export function makeNetworkWindow(
  name: string,
  points: number,
  seconds: number,
): (client: Pick<ClientInfo, "ip">) => Limit[] {
  const windows = new Map<number, Window>();
  const windowFor = (times: number): Window => {
    const window = windows.get(times) ?? makeWindow(name, points * times, seconds);
    windows.set(times, window);
    return window;
  };
  return ({ ip }) =>
    countedNetworks(ip).map(({ network, times }) => ({ window: windowFor(times), key: network }));
}

/** Counts one of each or none. Null: counted; otherwise how long to wait, in seconds. */
export async function consumeAll(limits: Limit[]): Promise<number | null> {
  const wait = await longestWait(limits);
  if (wait > 0) return wait;
  const attempt = await consumeEach(limits);
  return attempt.ok ? null : attempt.retryAfterSeconds;
}

/** How long until all of them admit one more, in seconds; 0: now. Changes nothing. */
export async function longestWait(limits: Limit[]): Promise<number> {
  return Math.max(0, ...(await Promise.all(limits.map(({ window, key }) => window.retryAfterSeconds(key)))));
}

/** Counts one of each or none. */
export function consumeEach(limits: Limit[]): Promise<Attempt> {
  return consumeInTurn(
    limits.map(
      ({ window, key }) =>
        () =>
          window.consume(key),
    ),
  );
}

/** Asks one after the other. When one refuses, those before it are refunded, and its answer is the answer. */
export async function consumeInTurn(attempts: (() => Promise<Attempt>)[]): Promise<Attempt> {
  const refunds: (() => Promise<void>)[] = [];
  const refund = async () => {
    await Promise.all(refunds.map((each) => each()));
  };
  for (const ask of attempts) {
    const attempt = await ask();
    if (!attempt.ok) {
      await refund();
      return attempt;
    }
    refunds.push(attempt.refund);
  }
  return { ok: true, refund };
}

/** What stands for an address in a key: it may be that of a person who has no account here, so it is not kept. */
export function digest(emailCanonical: string): string {
  return createHash("sha256").update(emailCanonical).digest("hex");
}
