import type { Env } from "../platform/env";
import { DAY_S } from "../shared/units";

/** How long browsers use https only, in seconds: two years (ASVS v5.0.0-3.4.1 asks for one). */
const MAX_AGE_S = 2 * 365 * DAY_S;

/**
 * The value of `Strict-Transport-Security`; null over plain http. It speaks for subdomains only where the operator says so:
 * other people's services may be there, and browsers keep to it for all of that time.
 */
export function strictTransportSecurity({
  isSecure,
  hstsSubdomains,
}: Pick<Env, "isSecure" | "hstsSubdomains">): string | null {
  if (!isSecure) return null;
  return `max-age=${MAX_AGE_S}${hstsSubdomains ? "; includeSubDomains" : ""}`;
}
