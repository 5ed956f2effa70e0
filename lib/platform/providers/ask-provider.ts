import { MINUTE_MS, SECOND_MS } from "../../shared/units";
import { isLoopback } from "../address";
import { env } from "../env";
import { isSameIssuer, type ProviderSettings } from "../settings/providers";

/** How long a provider may take for one whole answer, in milliseconds: a person waits for it. */
const ANSWER_TIMEOUT_MS = 5 * SECOND_MS;

/** Largest answer of a provider that is read, in bytes: some kilobytes are usual. */
const ANSWER_MAX_BYTES = 256 * 1024;

/** How long is believed what a provider says about itself, in milliseconds. */
const DISCOVERY_TTL_MS = 10 * MINUTE_MS;

/** How often it is asked for that where no person waits for it and it gives no answer, in milliseconds. */
const ASK_AGAIN_MS = 30 * SECOND_MS;

const DISCOVERY = "/.well-known/openid-configuration";

/** What a provider has said about itself. */
interface Discovered {
  text: string;
  until: number;
  /** Who it says it is, as it spells that, and where its pages are; null: another issuer speaks, or it does not say. */
  itself: { issuer: string; authorizationOrigin: string } | null;
}

/** What this process knows of a provider. */
interface Known {
  /** Its own word; it is believed no longer than it says. */
  said: Discovered | null;
  /** When it was asked last, in milliseconds since 1970. */
  askedAt: number;
  /** The question that is under way. */
  asking: Promise<Discovered> | null;
}

/** By the provider's id, whichever bundle asks. */
const shared = globalThis as { latchkeyProviders?: Map<string, Known> };
shared.latchkeyProviders ??= new Map();
const providers = shared.latchkeyProviders;

function knownOf({ id }: ProviderSettings): Known {
  const known = providers.get(id) ?? { said: null, askedAt: 0, asking: null };
  providers.set(id, known);
  return known;
}

/** A provider gave no answer in time, or said that it cannot. It may work again by itself. */
export class ProviderDownError extends Error {
  override readonly name = "ProviderDownError";
}

/** A provider's answer is none that we take. */
export class ProviderAnswerError extends Error {
  override readonly name = "ProviderAnswerError";
}

/**
 * The `fetch` by which one provider is asked: no redirect is followed (ASVS v5.0.0-15.3.2), and an answer is bounded in time
 * and size. What it says about itself is kept for {@link DISCOVERY_TTL_MS}, and asked for once however many people wait.
 * @throws ProviderDownError and ProviderAnswerError
 */
export function fetchOf(provider: ProviderSettings, timeoutMs = ANSWER_TIMEOUT_MS): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (!url.pathname.endsWith(DISCOVERY)) return ask(provider, url, init, timeoutMs);
    const { text } = await discover(provider);
    return new Response(text, { headers: { "content-type": "application/json" } });
  };
}

/**
 * A provider with its issuer as it spells that itself, by which it is asked and its connections hold (OpenID Connect Discovery
 * §4.3): the setting may lack the slash at its end, or have one more.
 * @throws as {@link fetchOf}
 */
export async function asItCallsItself(provider: ProviderSettings): Promise<ProviderSettings> {
  if (provider.kind !== "oidc") return provider;
  const { itself } = await discover(provider);
  return { ...provider, issuer: itself?.issuer ?? provider.issuer };
}

async function discover(provider: ProviderSettings): Promise<Discovered> {
  const known = knownOf(provider);
  if (known.said && Date.now() < known.said.until) return known.said;
  known.asking ??= readDiscovery(provider, known).finally(() => {
    known.asking = null;
  });
  return known.asking;
}

async function readDiscovery(provider: ProviderSettings, known: Known): Promise<Discovered> {
  known.askedAt = Date.now();
  const url = new URL(provider.issuer.replace(/\/$/, "") + DISCOVERY);
  const answer = await ask(provider, url, { headers: { accept: "application/json" } });
  if (answer.status !== 200)
    throw new ProviderAnswerError(`its configuration has the status ${answer.status}`);
  const text = await answer.text();
  const said = { text, until: Date.now() + DISCOVERY_TTL_MS, itself: itselfIn(text, provider) };
  if (said.itself) known.said = said; // what is not its own word is read again the next time
  return said;
}

/** Null where another issuer speaks, or there is no address that a browser may be led to. */
function itselfIn(text: string, provider: ProviderSettings): Discovered["itself"] {
  try {
    const said = JSON.parse(text) as { issuer?: unknown; authorization_endpoint?: unknown };
    const url = new URL(String(said.authorization_endpoint));
    const issuer = String(said.issuer);
    const isItself = isSameIssuer(issuer, provider.issuer) && isAddressOf(provider, url);
    return isItself ? { issuer, authorizationOrigin: url.origin } : null;
  } catch {
    return null;
  }
}

/**
 * True for an address that this provider may have: https, or on this machine where the provider itself is. Its own
 * configuration names the addresses, and none may lead a secret into the open.
 */
export function isAddressOf({ issuer }: Pick<ProviderSettings, "issuer">, url: URL): boolean {
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && isLoopback(url.hostname) && isLoopback(new URL(issuer).hostname);
}

async function ask(
  provider: ProviderSettings,
  url: URL,
  init: RequestInit = {},
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Response> {
  if (!isAddressOf(provider, url)) throw new ProviderAnswerError("it names an address without https");
  try {
    const answer = await fetch(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await readBounded(answer);
    if (answer.status >= 500 || answer.status === 429)
      throw new ProviderDownError(`it answers ${answer.status}`);
    const isEmpty = answer.status === 204 || answer.status === 304;
    return new Response(isEmpty ? null : body, { status: answer.status, headers: plainHeaders(answer) });
  } catch (error) {
    if (error instanceof ProviderDownError || error instanceof ProviderAnswerError) throw error;
    throw new ProviderDownError(reasonOf(error), { cause: error });
  }
}

/** The body is no longer as it was sent. */
function plainHeaders({ headers }: Response): Headers {
  const plain = new Headers(headers);
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) plain.delete(name);
  return plain;
}

async function readBounded(answer: Response): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_MAX_BYTES)
      throw new ProviderAnswerError(`it sends more than ${ANSWER_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Blob(chunks);
}

/** In a word; an address or a code that a message might have is left out. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "no answer in time";
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  return /^[A-Z_\d]{1,40}$/.test(code) ? `no connection (${code})` : "no connection";
}

/**
 * The origins that a form of ours may lead to: where each provider's pages are. Until it has said where, they are taken to be
 * where it is itself.
 */
export function authorizationOrigins(): string[] {
  return [...new Set(env().providers.map(originOf))];
}

function originOf(provider: ProviderSettings): string {
  lookUp(provider);
  return knownOf(provider).said?.itself?.authorizationOrigin ?? new URL(provider.issuer).origin;
}

/** Asks every provider about itself, where nobody waits for it. For a server that starts. */
export function lookUpProviders(): void {
  for (const provider of env().providers) lookUp(provider);
}

function lookUp(provider: ProviderSettings): void {
  if (provider.kind === "github") return; // it says nothing about itself
  const { said, askedAt } = knownOf(provider);
  if (Date.now() < Math.max(said?.until ?? 0, askedAt + ASK_AGAIN_MS)) return;
  discover(provider).catch(() => {}); // whoever presses its button is told
}
