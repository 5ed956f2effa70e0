import "server-only";
import { customFetch, type Profile } from "next-auth";
import type { OAuthConfig, OIDCConfig, Provider } from "next-auth/providers";
import GitHub from "next-auth/providers/github";
import Google from "next-auth/providers/google";
import { fetchOf, ProviderAnswerError } from "../../platform/providers/ask-provider";
import type { ProviderSettings } from "../../platform/settings/providers";
import { type Claims, githubClaims } from "./identity";

const GITHUB_API = "https://api.github.com";

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
