import "server-only";
import type { Account } from "next-auth";
import { z } from "zod";
import { PROVIDER_CLOCKS_MS } from "../../accounts/login/log-in-with-provider";
import type { ProviderIdentity } from "../../accounts/login/prove-provider";
import type { ProviderSettings } from "../../platform/settings/providers";
import { displayNameSchema } from "../../shared/profile-schemas";
import { forgotPasswordSchema, usernameFor } from "../../shared/schemas";
import { SECOND_MS } from "../../shared/units";

/** What a subject may be (OpenID Connect Core §2, `sub`: at most 255 characters of ASCII). */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

/** What a provider says of somebody. Whatever else it says is not looked at. */
const claimsSchema = z.object({
  sub: z.string().regex(SUBJECT),
  email: z.string().nullish().catch(null),
  /** Some send it as text. */
  email_verified: z
    .union([z.boolean(), z.literal("true").transform(() => true)])
    .nullish()
    .catch(null),
  /** Google's name for the organisation whose address it is. */
  hd: z.string().nullish().catch(null),
  name: z.string().nullish().catch(null),
  preferred_username: z.string().nullish().catch(null),
});

export type Claims = z.output<typeof claimsSchema>;

/** What GitHub's API says, in the words of OpenID Connect. @throws ZodError for an answer that is none */
export function githubClaims(user: unknown, emails: unknown): Claims {
  const { id, login, name } = z
    .object({ id: z.number().int().positive(), login: z.string(), name: z.string().nullish() })
    .parse(user);
  const addresses = z
    .array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))
    .safeParse(emails);
  const primary = addresses.data?.find((address) => address.primary);
  return {
    sub: String(id),
    preferred_username: login,
    name,
    email: primary?.email,
    email_verified: primary?.verified,
  };
}

/**
 * Whom a checked answer means.
 * @param appName what the site is called; no username may be that
 * @returns null for an answer that names nobody
 */
export function identityIn(
  { id, kind, issuer, trustsEmail }: ProviderSettings,
  profile: unknown,
  account: Pick<Account, "id_token">,
  appName: string,
): ProviderIdentity | null {
  const claims = claimsSchema.safeParse(profile).data;
  if (!claims) return null;
  const email = forgotPasswordSchema.safeParse({ email: claims.email }).data?.email ?? null;
  const isVerified = claims.email_verified === true && (kind !== "google" || isGooglesWord(claims));
  const token = tokenClaims(account.id_token);
  const username = usernameFor(appName).safeParse(claims.preferred_username).data ?? null;
  const displayName = displayNameSchema.safeParse({ displayName: claims.name }).data?.displayName || null;
  return {
    provider: id,
    issuer: token?.iss ?? issuer,
    subject: claims.sub,
    type: kind === "github" ? "oauth" : "oidc",
    email,
    // In another spelling, such as letters of full width, it may be another mailbox at the provider.
    isEmailProven: trustsEmail && isVerified && email !== null && email === claims.email,
    username,
    displayName,
    name: email ?? username ?? displayName,
    authenticatedAt: momentOf(token?.auth_time),
  };
}

/** Of other addresses Google knows only that somebody once read an email there ("Verify the Google ID token", `hd`). */
function isGooglesWord({ email, hd }: Claims): boolean {
  return Boolean(hd) || /@gmail\.com$/i.test(email ?? "");
}

/** Null: it is not said. So is a moment yet to come, by a wrong clock or in milliseconds: it would be of late for ever. */
function momentOf(seconds: number | undefined): Date | null {
  if (seconds === undefined || seconds * SECOND_MS > Date.now() + PROVIDER_CLOCKS_MS) return null;
  return new Date(seconds * SECOND_MS);
}

/** What is read of an ID token. Its issuer is spelled as the provider's configuration has it, which next-auth has checked. */
const tokenSchema = z.object({
  iss: z.string().optional().catch(undefined),
  auth_time: z.number().positive().optional().catch(undefined),
});

/** Of an ID token that next-auth has checked; null: there is none. */
function tokenClaims(idToken: string | undefined): z.output<typeof tokenSchema> | null {
  const [, claims] = idToken?.split(".") ?? [];
  return claims === undefined
    ? null
    : tokenSchema.parse(JSON.parse(Buffer.from(claims, "base64url").toString("utf8")));
}
