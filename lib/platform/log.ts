import { format, stripVTControlCharacters } from "node:util";
import { type DestinationStream, type Logger, pino } from "pino";
import { SECRET_FIELDS } from "../shared/secret-fields";
import { type Env, env } from "./env";
import { EVENTS, type EventName } from "./events";
import { forTerminal } from "./log-terminal";
import { type Failure, failureOf, noteFailure, noteSuccess, type Service } from "./outages";
import { currentRequestContext } from "./request-context";

/** The people and requests an event is about, as far as they are known. */
export interface EventDetails {
  requestId: string | null;
  userId: string | null;
  /** The client's address. */
  ip: string | null;
  userAgent?: string | null;
}

/** Never in a line. No code of ours logs them; this protects the day when a whole object is logged. */
const SECRETS = [
  ...SECRET_FIELDS,
  "passwordHash",
  "token",
  "tokenHash",
  "cookie",
  "set-cookie",
  "authorization",
  "secret",
  "authSecret",
  "otherSecrets",
  "tasksSecret",
  "databaseUrl",
  "smtpUrl",
  "browserToken",
  "email",
  "emailCanonical",
];

/** Frames of a stack that are kept: enough to find the place, and the rest is the framework's. */
const STACK_FRAMES = 12;

/** Longest message in a line, in characters. Some quote what a visitor sent, and that can be half a megabyte. */
const TEXT_MAX = 1000;

/** Longest path in a line, in characters: ours are shorter, and one address must not fill the disk. */
export const PATH_MAX = 256;

/** Shared by our own server and Next's bundles: one logger, where it writes, and the errors it has logged. */
const shared = globalThis as {
  latchkeyLog?: Logger;
  latchkeyOutput?: DestinationStream;
  latchkeyLogged?: WeakSet<object>;
};
shared.latchkeyLogged ??= new WeakSet();
const logged = shared.latchkeyLogged;

/**
 * The one logger: JSON lines on standard output, or sentences on a terminal, as loud as LOG_LEVEL says.
 * @throws ConfigurationError as `env()`
 */
export function log(): Logger {
  shared.latchkeyLog ??= createLog(env().logLevel);
  return shared.latchkeyLog;
}

/**
 * A logger for {@link log} and for tests. Lines are written at once and not from a buffer: the last ones before a crash
 * matter most.
 */
export function createLog(level: Env["logLevel"], destination: DestinationStream = standardOutput()): Logger {
  return pino(
    {
      level,
      base: { app: "latchkey" },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // At the end: the order of the fields before it is promised.
      mixin: () => ({ pid: process.pid }),
      mixinMergeStrategy: (fields, more) => ({ ...fields, ...more }),
      redact: {
        paths: SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
        censor: "[redacted]",
      },
      hooks: { streamWrite: asciiOnly },
    },
    destination,
  );
}

function standardOutput(): DestinationStream {
  shared.latchkeyOutput ??= process.stdout.isTTY
    ? forTerminal((text) => process.stdout.write(text))
    : pino.destination({ dest: 1, sync: true });
  return shared.latchkeyOutput;
}

/**
 * Writes a line that another process of ours has logged. All lines go through one process: where several write to one pipe,
 * a long line of one can end up in the middle of another's (PIPE_BUF, pipe(7)).
 */
export function relayLine(line: string): void {
  standardOutput().write(`${line}\n`);
}

/**
 * Writes an event's line. Its fields come in an order that is part of the promise: what a visitor chooses freely (path,
 * user agent) comes after what filters look at, and JSON keeps it inside its quotes (ASVS v5.0.0-16.4.1).
 */
export function logEvent(
  event: EventName,
  { requestId, userId, ip, userAgent }: EventDetails,
  more: Record<string, unknown> = {},
): void {
  log()[EVENTS[event]]({
    event,
    requestId,
    userId,
    ip,
    ...more,
    ...(userAgent === undefined ? {} : { userAgent }),
  });
}

/**
 * Writes the line of an error, once: Next prints an error and then reports it, and an action catches what next-auth has
 * logged. An error that may pass by itself gets a short warning instead of a stack.
 */
export function logError(error: unknown, more: Record<string, unknown> = {}): void {
  if (!isNewError(error)) return;
  const failure = failureOf(error);
  const { who, where } = currentRequest();
  if (failure) logUnavailable(failure, more);
  else logEvent("error", who, { ...where, ...more, error: describeError(error) });
}

/**
 * Writes that something is unavailable, unless there are lines enough about it; the next line then says how many are missing.
 * @param isLook true where no answer failed for it
 */
export function logUnavailable(
  { service, reason }: Failure,
  more: Record<string, unknown> = {},
  isLook = false,
): void {
  const line = noteFailure(service, isLook);
  if (!line) return;
  const { who, where } = currentRequest();
  logEvent("unavailable", who, { ...where, ...more, service, reason: scrub(reason), ...line });
}

/** Writes that a service works again, if it was lost. */
export function logAvailable(service: Service): void {
  const line = noteSuccess(service);
  if (line) logEvent("available", { requestId: null, userId: null, ip: null }, { service, ...line });
}

/** True the first time it is asked about an error. The code that gets true writes the line. */
export function isNewError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return true;
  if (logged.has(error)) return false;
  logged.add(error);
  return true;
}

/** Writes the line of a form that Next or next-auth refused, because no page of ours sends such a form. */
export function logRefusedForm(status: number, reason: string): void {
  const { who, where } = currentRequest();
  logEvent("refused-request", who, { status, reason, ...where });
}

/** The current request, for a line; outside a request all of it is null. */
function currentRequest() {
  const context = currentRequestContext();
  return {
    who: { requestId: context?.requestId ?? null, userId: null, ip: context?.ip ?? null },
    where: context ? { method: context.method, path: context.path } : {},
  };
}

/** An error as a line tells it: name, message, the first frames, the digest Next shows the visitor, and its cause. */
function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error, message: scrub(textOf(error)) };
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    name: error.name,
    message: scrub(error.message),
    ...("digest" in error && { digest: String(error.digest) }),
    ...(error.cause !== undefined && depth === 0 && { cause: describeError(error.cause, 1) }),
    stack: frames
      .slice(0, STACK_FRAMES)
      .map((frame) => scrub(frame.trim()))
      .join("\n"),
  };
}

/** Secrets that a driver or a library may quote in a message: credentials in a URL, hashes, tokens, email addresses. */
const SECRET_SHAPES = [
  /(?<=:\/\/)[^\s/@]+(?=@)/g,
  /\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}/g,
  /\b[0-9a-f]{64}\b/g,
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{43,}/g,
  /(?<![\w.!#$%&'*+=?^`{|}~-])[\w.!#$%&'*+=?^`{|}~-]+@[\w-]+(\.[\w-]+)+/g,
];

/** The text without them, and cut at a space where it is too long: half a secret has no shape to know it by. */
function scrub(text: string): string {
  const short = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX).replace(/\S+$/, "")}…` : text;
  return SECRET_SHAPES.reduce((rest, shape) => rest.replace(shape, "[redacted]"), short);
}

/** The path of an address, for a line: a query may carry secrets. */
export function pathOf(url: string): string {
  return url.replace(/[?#].*$/s, "").slice(0, PATH_MAX);
}

/** What Next says at every start: of no use in the log. */
const NOT_NEWS = /^✓ Running next\.config/;

/**
 * Turns what libraries print into lines of the same form, so that one program can read all of the log. Next prints to the
 * console alone.
 * @param report what is done with an error among what is printed
 */
export function captureConsole(
  target: Pick<Console, "debug" | "log" | "info" | "warn" | "error">,
  report: (error: unknown) => void = logError,
): void {
  const methods = { debug: "debug", log: "info", info: "info", warn: "warn", error: "error" } as const;
  for (const [method, level] of Object.entries(methods) as [keyof typeof methods, Level][])
    target[method] = (...args: unknown[]) => {
      const error = args.find((arg) => arg instanceof Error);
      if (error) return report(error);
      const text = scrub(textOf(...args));
      if (text !== "" && !NOT_NEWS.test(text)) log()[level](text);
    };
}

type Level = "debug" | "info" | "warn" | "error";

/** What was printed, in one string and without colours. Objects are only mentioned: they could have secrets. */
function textOf(...values: unknown[]): string {
  const told = values.map((value) => (typeof value === "object" && value !== null ? "[object]" : value));
  return stripVTControlCharacters(format(...told)).trim();
}

/**
 * The same JSON in plain ASCII. Left as they are, U+2028 or U+0085 end a line for some readers, U+009B begins a
 * terminal's control sequence, and U+202E reverses the text that a person sees.
 */
function asciiOnly(line: string): string {
  // The one line feed is pino's own, at the end.
  return line.replace(/[^\n\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
