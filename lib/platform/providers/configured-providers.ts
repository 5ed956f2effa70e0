import "server-only";
import { env } from "../env";
import { isSameIssuer } from "../settings/providers";

/** What a provider is called; its name where the settings do not know it any more. */
export function labelOf(provider: string): string {
  return env().providers.find(({ id }) => id === provider)?.label ?? provider;
}

/** What the provider of a proof is called; null: it is none of a provider. @param how as it was recorded */
export function providerOf(how: string): string | null {
  const provider = providerIn(how);
  return provider === null ? null : labelOf(provider);
}

/** False for a proof by a provider that the settings do not know any more. @param how as it was recorded */
export function isOffered(how: string): boolean {
  const provider = providerIn(how);
  return provider === null || env().providers.some(({ id }) => id === provider);
}

/** The provider's name in the settings. */
function providerIn(how: string): string | null {
  const [, provider] = /^provider:(.+)$/.exec(how) ?? [];
  return provider ?? null;
}

/** True for a connection with a provider that the settings name, by the issuer that it has there: any other opens nothing. */
export function isUsable({ provider, issuer }: { provider: string; issuer: string }): boolean {
  return env().providers.some((each) => each.id === provider && isSameIssuer(each.issuer, issuer));
}
