import "server-only";
import { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { connect } from "../../accounts/connections/own-connections";
import { hasAccountAt } from "../../accounts/connections/take-over";
import { logInWithProvider, reAuthenticateByProvider } from "../../accounts/login/log-in-with-provider";
import { isProvenLately, type ProviderIdentity, vouchFor } from "../../accounts/login/prove-provider";
import type { ClientInfo } from "../../platform/client-info";
import { env } from "../../platform/env";
import { logError } from "../../platform/log";
import { isTimed } from "../../platform/providers/configured-providers";
import type { ProviderSettings } from "../../platform/settings/providers";
import type { FlashKey } from "../../shared/flash-messages";
import {
  chooseUsernamePathFor,
  loginPathFor,
  notProvenPathFor,
  reAuthenticatePathFor,
  routes,
  secondStepPathFor,
  sessionEndedPathFor,
} from "../../shared/routes";
import { retryAfterOf } from "../../web/failures";
import { flash } from "../../web/flash";
import { clientInfo } from "../../web/request";
import { currentSession } from "../current-user";
import { keepLogin } from "../keep-login";
import { flashOf } from "../login-messages";
import { readSessionToken } from "../session-cookie";
import { headerWithChecks } from "./checks";
import { type Journey, takeJourney, writeArrival, writeVoucher } from "./journey";
import { type ProviderCall, providerConfig } from "./provider-config";
import { noteRefusal, refusalOf } from "./refusals";
import { wayOn } from "./way-on";

const CALLBACK = /^\/api\/auth\/callback\/([a-z0-9-]+)$/;

/** The provider whose answer comes to this address; null: none of the settings. */
export function providerAnswering({ method, nextUrl }: NextRequest): ProviderSettings | null {
  const [, id] = CALLBACK.exec(nextUrl.pathname) ?? [];
  return method === "GET" ? (env().providers.find((provider) => provider.id === id) ?? null) : null;
}

/**
 * Takes a provider's answer: to the question that this browser was sent with, once (ASVS v5.0.0-10.1.2). What comes of it, our
 * own gate says.
 */
export async function takeProviderAnswer(
  provider: ProviderSettings,
  request: NextRequest,
): Promise<Response> {
  const client = await clientInfo();
  let journey: Journey | null = null;
  try {
    const state = request.nextUrl.searchParams.get("state") ?? "";
    journey = await takeJourney(provider.id, state);
    // No line of the log: anybody can come here as often as they like.
    if (!journey)
      return leadTo((await currentSession()) ? routes.accountConnections : routes.login, "provider-lost");
    const call: ProviderCall = { identity: null, faults: [] };
    const cookie = await headerWithChecks(provider.id, journey.checks, state);
    await providerConfig(provider, call)
      .then((config) => NextAuth(config).handlers.GET(asAsked(request, cookie)))
      .catch((error: unknown) => void call.faults.push(error));
    if (!call.identity) {
      const { refusal, reason } = refusalOf(call, request.nextUrl.searchParams.get("error"));
      noteRefusal(provider, reason, client);
      return leadTo(askingPageOf(journey), `provider-${refusal}`);
    }
    return await answerTo(call.identity, provider, journey, client);
  } catch (error) {
    if (retryAfterOf(error) === null) throw error;
    logError(error);
    return leadTo(journey ? askingPageOf(journey) : routes.login, "provider-later");
  }
}

/** The answer at the public address, which next-auth told the provider, with the checks as next-auth had set them. */
function asAsked({ nextUrl }: NextRequest, cookie: string): NextRequest {
  return new NextRequest(new URL(nextUrl.pathname + nextUrl.search, env().publicUrl), {
    headers: { cookie },
  });
}

/** The page from which a browser was sent. */
function askingPageOf({ purpose, path, isAnew = false }: Journey): string {
  switch (purpose) {
    case "log-in":
      return isAnew ? secondStepPathFor(path) : loginPathFor(path);
    case "register":
      return chooseUsernamePathFor(path);
    case "connect":
      return routes.accountConnections;
    case "re-authenticate":
      return reAuthenticatePathFor(path);
    case "confirm":
      return path;
  }
}

async function leadTo(path: string, said?: FlashKey): Promise<Response> {
  if (said) await flash(said);
  return new Response(null, { status: 303, headers: { location: path, "cache-control": "no-store" } });
}

function answerTo(
  identity: ProviderIdentity,
  provider: ProviderSettings,
  journey: Journey,
  client: ClientInfo,
): Promise<Response> {
  switch (journey.purpose) {
    case "log-in":
    case "register":
      return answerLogin(identity, journey, client);
    case "connect":
      return answerConnect(identity, journey, client);
    case "re-authenticate":
      return answerReAuthentication(identity, provider, journey, client);
    case "confirm":
      return answerConfirmation(identity, journey, client);
  }
}

async function answerLogin(
  identity: ProviderIdentity,
  journey: Journey,
  client: ClientInfo,
): Promise<Response> {
  const { path, isRemembered, isAnew = false } = journey;
  const options = { isRemembered, previousSessionToken: await readSessionToken() };
  const { outcome, user } = await logInWithProvider(identity, options, client);
  if (user) {
    const way = await wayOn(outcome, user, path);
    const isStale = isAnew && !isProvenLately(identity) && !outcome.ok && outcome.reason === "second-factor";
    return leadTo(way.path, isStale ? "provider-not-fresh" : way.said);
  }
  return outcome.reason === "unknown"
    ? welcome(identity, journey)
    : leadTo(loginPathFor(path), "provider-throttled");
}

/** Leads back to an emailed link, which needs no password now. Nobody is logged in by this. */
async function answerConfirmation(
  identity: ProviderIdentity,
  { path, ownerId }: Journey,
  client: ClientInfo,
): Promise<Response> {
  const proof = await vouchFor(identity, ownerId, client);
  if (!proof.ok)
    return leadTo(path, proof.reason === "throttled" ? "provider-throttled" : "provider-other-person");
  await writeVoucher(proof.user);
  return leadTo(path);
}

/**
 * Leads somebody without a connection to the page that makes their account, or to the login where they have one; back where an
 * account waited for its own person.
 */
async function welcome(identity: ProviderIdentity, journey: Journey): Promise<Response> {
  const { purpose, path, isRemembered, isAnew = false } = journey;
  if (isAnew) return leadTo(askingPageOf(journey), "provider-other-person");
  if (await currentSession()) return leadTo(routes.accountConnections); // begun before they logged in: there they can connect
  if (await hasAccountAt(identity))
    return leadTo(loginPathFor(routes.accountConnections), "provider-address-taken");
  await writeArrival({ identity, isRemembered });
  const isStale = purpose === "register" && !isProvenLately(identity);
  return leadTo(chooseUsernamePathFor(path), isStale ? "provider-not-fresh" : undefined);
}

async function answerConnect(
  identity: ProviderIdentity,
  { sessionId }: Journey,
  client: ClientInfo,
): Promise<Response> {
  const here = routes.accountConnections;
  const session = await currentSession();
  // Another person has logged in here, or has been logged out: what was asked for was not asked for by them.
  if (!session || session.id !== sessionId)
    return session ? leadTo(here, "connection-of-another") : leadTo(sessionEndedPathFor(here));
  const outcome = await connect(session, identity, client);
  if (outcome.ok) return leadTo(here, outcome.isNew ? "is-connected" : "connection-there");
  switch (outcome.reason) {
    case "taken":
      return leadTo(here, "connected-elsewhere");
    case "one-only":
      return leadTo(here, "connection-one-only");
    case "throttled":
      return leadTo(here, "provider-throttled");
    case "session-over":
    case "proof-needed":
      return leadTo(notProvenPathFor(outcome.reason, here));
  }
}

async function answerReAuthentication(
  identity: ProviderIdentity,
  settings: ProviderSettings,
  { sessionId, path, askedAt }: Journey,
  client: ClientInfo,
): Promise<Response> {
  const back = reAuthenticatePathFor(path);
  const session = await currentSession();
  if (!session || session.id !== sessionId)
    return session ? leadTo(back, "provider-lost") : leadTo(sessionEndedPathFor(path));
  const asked = { askedAt: new Date(askedAt), isTimed: isTimed(settings) };
  const outcome = await reAuthenticateByProvider(session, await readSessionToken(), identity, asked, client);
  if (outcome.ok) {
    await keepLogin(outcome);
    return leadTo(path);
  }
  switch (outcome.reason) {
    case "second-factor":
      await keepLogin(outcome);
      return leadTo(secondStepPathFor(path));
    case "not-fresh":
      return leadTo(back, "provider-not-fresh");
    case "refused": // by the end of the session that asked, for one
      if (!(await currentSession())) return leadTo(sessionEndedPathFor(path));
      return leadTo(back, "provider-other-person");
    case "unknown":
      return leadTo(back, "provider-other-person");
    case "throttled":
      return leadTo(back, "provider-throttled");
    case "password-needed":
    case "passkey-needed":
      return leadTo(back);
    case "unverified":
    case "locked":
      return leadTo(back, flashOf(outcome));
  }
}
