import "server-only";
import { env } from "../env";
import { isSameIssuer, type ProviderSettings } from "../settings/providers";

/** What a provider is called; its name where the settings do not know it any more. */
export function labelOf(provider: string): string {
  return env().providers.find(({ id }) => id === provider)?.label ?? provider;
}

/** What the provider of a proof is called; null: it is none of a provider. @param how as it was recorded */
export function providerOf(how: string): string | null {
  const provider = providerIn(how);
  return provider === null ? null : labelOf(provider);
}

/** The name in the settings of the provider of a proof; null: it is none of a provider. @param how as it was recorded */
export function providerIn(how: string): string | null {
  const [, provider] = /^provider:(.+)$/.exec(how) ?? [];
  return provider ?? null;
}

/** True for a provider that says when its person logged in, where it is asked to ask anew: Google and GitHub never do. */
export function isTimed({ kind }: Pick<ProviderSettings, "kind">): boolean {
  return kind === "oidc";
}

/** True for a connection with a provider that the settings name, by the issuer that it has there: any other opens nothing. */
export function isUsable({ provider, issuer }: { provider: string; issuer: string }): boolean {
  return env().providers.some((each) => each.id === provider && isSameIssuer(each.issuer, issuer));
}
