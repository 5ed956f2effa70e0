import "server-only";
import { cookies } from "next/headers";
import { decode, encode } from "next-auth/jwt";
import { env } from "../../platform/env";
import { JOURNEY_MS } from "../../shared/connections";
import { SECOND_MS } from "../../shared/units";
import { cookieNames, expiredOptions } from "../../web/cookies";
import { setCookie } from "../../web/set-cookie";

// next-auth keeps `state`, `nonce` and the PKCE verifier in a cookie each, encrypted twice over: 2.3 KB, with which the head of
// an answer is more than the 4 KiB that nginx takes by default. Here they travel in the one sealed cookie of the journey, and
// next-auth gets them as it knows them when the answer comes.

/** What next-auth compares an answer with, beside its `state`, of which the journey has a hash. */
export interface Checks {
  /** Empty where the provider knows none. */
  nonce: string;
  verifier: string;
}

const NAMES = {
  state: cookieNames.providerState,
  nonce: cookieNames.providerNonce,
  verifier: cookieNames.providerVerifier,
} as const;

/** Takes them out of the cookies that next-auth has just set. For actions. */
export async function takeChecks(): Promise<Checks> {
  const checks = { nonce: await readCheck(NAMES.nonce()), verifier: await readCheck(NAMES.verifier()) };
  for (const name of Object.values(NAMES)) await setCookie(name(), "", expiredOptions());
  return checks;
}

async function readCheck(name: string): Promise<string> {
  const token = (await cookies()).get(name)?.value;
  if (!token) return "";
  const read = await decode<{ value: string }>({ token, secret: secret(), salt: name });
  return read?.value ?? "";
}

/** The `Cookie` header by which next-auth finds them again. @param state as it came back, found to be the journey's */
export async function headerWithChecks(provider: string, checks: Checks, state: string): Promise<string> {
  const values = { ...checks, state };
  const pairs = Object.entries(NAMES).map(async ([check, name]) => {
    const token = { value: values[check as keyof typeof NAMES], provider };
    const sealed = await encode({ token, secret: secret(), salt: name(), maxAge: JOURNEY_MS / SECOND_MS });
    return `${name()}=${sealed}`;
  });
  return (await Promise.all(pairs)).join("; ");
}

/** Set before anything is served. */
function secret(): string {
  return env().authSecret ?? "";
}
