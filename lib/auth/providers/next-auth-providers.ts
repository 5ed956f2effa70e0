import "server-only";
import { type Account, customFetch, type Profile } from "next-auth";
import type { OAuthConfig, OIDCConfig, Provider } from "next-auth/providers";
import GitHub from "next-auth/providers/github";
import Google from "next-auth/providers/google";
import { z } from "zod";
import type { ProviderIdentity } from "../../accounts/login/prove-provider";
import { fetchOf, ProviderAnswerError } from "../../platform/providers/ask-provider";
import type { ProviderSettings } from "../../platform/settings/providers";
import { displayNameSchema } from "../../shared/profile-schemas";
import { forgotPasswordSchema, usernameFor } from "../../shared/schemas";
import { SECOND_MS } from "../../shared/units";

/** Longest subject, in characters (OpenID Connect Core §2, `sub`). */
const SUBJECT_MAX = 255;

const GITHUB_API = "https://api.github.com";

/** What a provider says of somebody. Whatever else it says is not looked at. */
const claimsSchema = z.object({
  sub: z.string().min(1).max(SUBJECT_MAX),
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

type Claims = z.output<typeof claimsSchema>;

/**
 * A provider as next-auth asks it: the code flow with PKCE, `state` and, in OpenID Connect, `nonce` (RFC 9700 §2.1.1;
 * ASVS v5.0.0-10.2.1, 10.5.1), no more scopes than name and address (10.2.3), and by our own bounded `fetch`.
 */
export function nextAuthProvider(provider: ProviderSettings): Provider {
  const { id, kind, label, issuer, clientId, clientSecret } = provider;
  const client = { clientId, clientSecret, [customFetch]: fetchOf(provider) };
  switch (kind) {
    case "oidc": {
      const config: OIDCConfig<Profile> = {
        id,
        name: label,
        type: "oidc",
        issuer,
        checks: ["pkce", "state", "nonce"],
        authorization: { params: { scope: "openid email profile" } },
        idToken: false, // with a code, many have the address at their userinfo alone (OpenID Connect Core §5.4)
        profile: ({ sub }) => ({ id: sub ?? "" }),
        ...client,
      };
      return config;
    }
    case "google":
      return Google({
        ...client,
        checks: ["pkce", "state", "nonce"],
        profile: ({ sub }: { sub: string }) => ({ id: sub }),
      });
    case "github":
      return github(provider, client);
  }
}

/** GitHub speaks OAuth alone: who somebody is and which addresses it has verified, its API says. */
function github(
  provider: ProviderSettings,
  client: Pick<OAuthConfig<Profile>, "clientId" | "clientSecret">,
): Provider {
  const ask = fetchOf(provider);
  async function read(path: string, token: string): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      "user-agent": "latchkey",
    };
    const answer = await ask(GITHUB_API + path, { headers });
    if (!answer.ok) throw new ProviderAnswerError(`its API answers ${answer.status}`);
    return answer.json();
  }
  return {
    ...GitHub({
      ...client,
      checks: ["pkce", "state"],
      userinfo: {
        url: `${GITHUB_API}/user`,
        request: async ({ tokens }: { tokens: { access_token?: string } }) => {
          const token = tokens.access_token ?? "";
          return githubClaims(await read("/user", token), await read("/user/emails", token));
        },
      },
      profile: (profile) => ({ id: String((profile as unknown as Claims).sub) }),
    }),
  } as Provider;
}

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
  return {
    provider: id,
    issuer,
    subject: claims.sub,
    type: kind === "github" ? "oauth" : "oidc",
    email,
    isEmailProven: trustsEmail && isVerified && email !== null,
    username: usernameFor(appName).safeParse(claims.preferred_username).data ?? null,
    displayName: displayNameSchema.safeParse({ displayName: claims.name }).data?.displayName || null,
    authenticatedAt: authenticatedAt(account.id_token),
  };
}

/** Of other addresses Google knows only that somebody once read an email there ("Verify the Google ID token", `hd`). */
function isGooglesWord({ email, hd }: Claims): boolean {
  return Boolean(hd) || /@gmail\.com$/i.test(email ?? "");
}

/** From an ID token that next-auth has checked; null where it does not say. */
function authenticatedAt(idToken: string | undefined): Date | null {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(idToken?.split(".")[1] ?? "", "base64url").toString("utf8"),
    );
    const seconds = z.object({ auth_time: z.number().positive() }).parse(claims).auth_time;
    return new Date(seconds * SECOND_MS);
  } catch {
    return null;
  }
}
