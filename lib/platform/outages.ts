import { MINUTE_MS, SECOND_MS } from "../shared/units";
import { isDatabaseUnavailable } from "./db/errors";
import { explainDatabase } from "./db/explain";
import { env } from "./env";

/** What the app stands on and can lose; `query` and `hashing` are busy rather than lost. */
export type Service = "database" | "mail server" | "query" | "hashing";

/** Lines about one service in a minute: an outage fails every request, and would fill the disk. */
const LINES_A_MINUTE = 5;

/** Something failed that may work later. */
export interface Failure {
  service: Service;
  /** One sentence for the operator: what, where, and what to do. No secret, nothing of a person. */
  reason: string;
}

/** What an error says about the services; null: it is none that may pass by itself. */
export function failureOf(error: unknown): Failure | null {
  if (isDatabaseUnavailable(error)) return databaseFailure(error);
  // By name: the class is loaded twice, here and in Next's bundle.
  if (!(error instanceof Error) || error.name !== "HashQueueFullError") return null;
  return {
    service: "hashing",
    reason: "More passwords wait to be compared than this machine can compare in time.",
  };
}

/** Why the database did not do what was asked, whatever was thrown. */
export function databaseFailure(error: unknown): Failure {
  const { reason, isOutage } = explainDatabase(error, env().databaseUrl);
  return { service: isOutage ? "database" : "query", reason };
}

/** What is known of one service. Moments are those of `performance.now()`, which nobody sets back. */
interface State {
  /** When it was lost; null: it works, as far as is known. */
  lostAt: number | null;
  /** Since when {@link lines} counts, and how many there were. */
  minuteFrom: number;
  lines: number;
  /** Failures that had no line since the last one that had. */
  untold: number;
}

/** Shared by our own server and all of Next's bundles. */
const shared = globalThis as { latchkeyOutages?: Map<Service, State> };
shared.latchkeyOutages ??= new Map();
const states = shared.latchkeyOutages;

/**
 * Notes that a service failed.
 * @param isLook true where nobody waits for the answer: it has a line only when nothing else had one in this minute
 * @returns what the line about it should have; null: there were enough
 */
export function noteFailure(service: Service, isLook = false): { untold?: number } | null {
  const state = stateOf(service);
  state.lostAt ??= performance.now();
  if (!mayTell(state, isLook ? 1 : LINES_A_MINUTE)) {
    state.untold++;
    return null;
  }
  const { untold } = state;
  state.untold = 0;
  return untold > 0 ? { untold } : {};
}

/** Notes that a service works. @returns how long it was lost, in seconds; null: it was not, or there were enough lines */
export function noteSuccess(service: Service): { seconds: number } | null {
  const state = states.get(service);
  if (!state || state.lostAt === null) return null;
  if (!mayTell(state, LINES_A_MINUTE + 1)) return null; // it comes and goes: the next success tells
  const seconds = Math.round((performance.now() - state.lostAt) / SECOND_MS);
  state.lostAt = null;
  return { seconds };
}

/** True from a failure to the next success. */
export function isLost(service: Service): boolean {
  return (states.get(service)?.lostAt ?? null) !== null;
}

function stateOf(service: Service): State {
  const known = states.get(service);
  if (known) return known;
  const state = { lostAt: null, minuteFrom: Number.NEGATIVE_INFINITY, lines: 0, untold: 0 };
  states.set(service, state);
  return state;
}

function mayTell(state: State, most: number): boolean {
  const now = performance.now();
  if (now - state.minuteFrom >= MINUTE_MS) Object.assign(state, { minuteFrom: now, lines: 0 });
  if (state.lines >= most) return false;
  state.lines++;
  return true;
}
