import { cookieNames } from "./cookies";
import { FORWARDED_ACTION, INTERNAL_PREFIX } from "./internal-headers";
import { isWithheld } from "./request-filter";

/** True for a header by which a visitor could pretend to be our own server or a part of Next. */
export function isInternalHeader(name: string): boolean {
  return name.startsWith(INTERNAL_PREFIX) || name.startsWith("x-middleware-") || name === FORWARDED_ACTION;
}

/**
 * The headers of a request as pages may see them. Where `Origin` is the public address they also get its host and protocol:
 * Next compares them with `Origin`, and a proxy may have replaced them. next-auth's cookie for a way back is left out: no
 * browser of ours has it, and next-auth takes a malformed one for a fault of its configuration.
 */
export function cleanHeaders(received: Headers, publicUrl: URL): Headers {
  const headers = new Headers(received);
  for (const name of [...headers.keys()]) if (isInternalHeader(name)) headers.delete(name);
  const cookies = (headers.get("cookie") ?? "").split(/; */);
  const kept = cookies.filter((cookie) => !cookie.startsWith(`${cookieNames.callbackUrl()}=`));
  if (kept.length < cookies.length) headers.set("cookie", kept.join("; "));
  if (isWithheld(headers.get("origin")) && headers.get("sec-fetch-site") === "same-origin")
    headers.set("origin", publicUrl.origin); // the browser vouches for it, and Next fails on "null"
  headers.delete("forwarded");
  headers.delete("x-forwarded-host");
  if (headers.get("origin") === publicUrl.origin) headers.set("x-forwarded-host", publicUrl.host);
  headers.set("x-forwarded-proto", publicUrl.protocol.slice(0, -1));
  return headers;
}
