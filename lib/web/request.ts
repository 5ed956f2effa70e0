import "server-only";
import { cookies, headers } from "next/headers";
import { forwardedClient, parseTrustedProxies } from "../platform/client-address";
import { type ClientInfo, USER_AGENT_MAX } from "../platform/client-info";
import { env } from "../platform/env";
import { currentRequestContext } from "../platform/request-context";
import { returnPath } from "../shared/routes";
import { browserTokenIn } from "./browser-cookie";
import { cookieNames } from "./cookies";
import { ACTION_HEADER, readPageRequest } from "./internal-headers";

/**
 * Who is asking. Our own server has seen the connection and says from where; under another one `X-Forwarded-For` says it,
 * as far as TRUSTED_PROXIES allows, else nobody knows.
 */
export async function clientInfo(): Promise<ClientInfo> {
  const [received, jar] = await Promise.all([headers(), cookies()]);
  const request = currentRequestContext();
  return {
    ip: request ? request.ip : forwardedClient(received.get("x-forwarded-for"), trustedProxies()),
    userAgent: received.get("user-agent")?.slice(0, USER_AGENT_MAX) ?? null,
    requestId: request?.requestId ?? readPageRequest(received)?.requestId ?? null,
    // Somebody logged in since before known browsers had a cookie of their own is known by the session's.
    browserToken:
      browserTokenIn(jar.get(cookieNames.browser())?.value) ?? jar.get(cookieNames.session())?.value ?? null,
  };
}

function trustedProxies() {
  return parseTrustedProxies(env().trustedProxies ?? "");
}

/** Path and query of the page asked for, as they were sent; home where nobody knows. */
export async function requestedPath(): Promise<string> {
  return readPageRequest(await headers())?.path ?? "/";
}

/** The same as a page to come back to after a login. */
export async function returnablePath(): Promise<string> {
  return returnPath(await requestedPath());
}

/**
 * True while a page is drawn again behind its own form's answer: what the form has just done may be what the page would
 * turn somebody away for.
 */
export async function isAnsweringForm(): Promise<boolean> {
  return (await headers()).has(ACTION_HEADER);
}
