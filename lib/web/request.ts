import "server-only";
import { cookies, headers } from "next/headers";
import { forwardedClient, parseTrustedProxies } from "../platform/client-address";
import { type ClientInfo, USER_AGENT_MAX } from "../platform/client-info";
import { env } from "../platform/env";
import { currentRequestContext } from "../platform/request-context";
import type { TypedValues } from "../shared/action-state";
import { returnPath } from "../shared/routes";
import { browserTokenIn, signedBrowserToken } from "./browser-cookie";
import { cookieNames, otherCookies } from "./cookies";
import { ACTION_HEADER, readPageRequest } from "./internal-headers";

/**
 * Who is asking. Our own server has seen the connection, so it knows the address. Under another server the address comes
 * from `X-Forwarded-For`, as far as TRUSTED_PROXIES allows; else it is unknown.
 */
export async function clientInfo(): Promise<ClientInfo> {
  const [received, jar] = await Promise.all([headers(), cookies()]);
  const request = currentRequestContext();
  return {
    ip: request ? request.ip : forwardedClient(received.get("x-forwarded-for"), trustedProxies()),
    userAgent: received.get("user-agent")?.slice(0, USER_AGENT_MAX) ?? null,
    requestId: request?.requestId ?? readPageRequest(received)?.requestId ?? null,
    browserToken: browserTokenIn(jar.get(cookieNames.browser())?.value) ?? formerBrowserToken(jar.getAll()),
    pendingToken: jar.get(cookieNames.pendingLogin())?.value,
  };
}

/**
 * The token of a browser that has its cookie by a former name until its next login: the one that we have signed, if any. A
 * token of another installation on this host is no account's here.
 */
function formerBrowserToken(jar: { name: string; value: string }[]): string | null {
  const found = otherCookies("browser", jar).map(({ value }) => value);
  return browserTokenIn(found.find((value) => signedBrowserToken(value) !== null) ?? found[0]);
}

function trustedProxies() {
  return parseTrustedProxies(env().trustedProxies ?? "");
}

/** True when a person is about to see the page that is being made: not for its data, for a form's answer or for a prefetch. */
export async function isPageShown(): Promise<boolean> {
  return readPageRequest(await headers())?.isShown ?? false;
}

/** True when the answer under way gives a browser that is logged in its known-browser cookie. */
export async function adoptsBrowser(): Promise<boolean> {
  return readPageRequest(await headers())?.adoptsBrowser ?? false;
}

/** What was typed into an older page than this, which could not be sent. */
export async function typedBefore(): Promise<TypedValues> {
  return readPageRequest(await headers())?.typed ?? {};
}

/** The encrypted recovery codes that this page shows; null: none. The middleware has taken them out of the browser. */
export async function takenCodes(): Promise<string | null> {
  return readPageRequest(await headers())?.codes ?? null;
}

/** Path and query of the page that was requested, as they were sent; home where they are unknown. */
export async function requestedPath(): Promise<string> {
  return readPageRequest(await headers())?.path ?? "/";
}

/** The same as a page to come back to after a login. */
export async function returnablePath(): Promise<string> {
  return returnPath(await requestedPath());
}

/**
 * True while Next renders a page again as part of its own form's answer. The page must not redirect then, for example away
 * from the login form after a login: the action says where to go.
 */
export async function isAnsweringForm(): Promise<boolean> {
  return (await headers()).has(ACTION_HEADER);
}
