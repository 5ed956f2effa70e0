import "server-only";
import type { NextAuthConfig } from "next-auth";
import type { ProviderIdentity } from "../../accounts/login/prove-provider";
import { env } from "../../platform/env";
import { asItCallsItself } from "../../platform/providers/ask-provider";
import type { ProviderSettings } from "../../platform/settings/providers";
import { routes } from "../../shared/routes";
import { cookieNames, journeyOptions } from "../../web/cookies";
import { authConfig } from "../next-auth";
import { identityIn } from "./identity";
import { nextAuthProvider } from "./next-auth-providers";

/** One question to a provider or one answer of it: what next-auth found, and what it told its log. */
export interface ProviderCall {
  /** Null: next-auth has not found the answer good. */
  identity: ProviderIdentity | null;
  faults: unknown[];
}

/**
 * next-auth with one provider. It asks, and it checks what comes back: `state`, PKCE, `nonce`, issuer, audience, times. There
 * it ends: `signIn` takes whom the answer means and lets next-auth neither log in nor link nor make anybody, all of which it
 * would do by itself. Our own gate decides.
 * @throws ProviderDownError and ProviderAnswerError where the provider does not say who it is
 */
export async function providerConfig(
  provider: ProviderSettings,
  call: ProviderCall,
): Promise<NextAuthConfig> {
  const base = authConfig(null);
  const options = journeyOptions();
  return {
    ...base,
    redirectProxyUrl: "", // else AUTH_REDIRECT_PROXY_URL would lead codes elsewhere
    providers: [nextAuthProvider(await asItCallsItself(provider))],
    cookies: {
      ...base.cookies,
      state: { name: cookieNames.providerState(), options },
      nonce: { name: cookieNames.providerNonce(), options },
      pkceCodeVerifier: { name: cookieNames.providerVerifier(), options },
    },
    callbacks: {
      ...base.callbacks,
      signIn({ account, profile }) {
        call.identity = identityIn(provider, profile, account ?? {}, env().appName);
        return routes.login; // anything but `true`
      },
    },
    // What it logs may have the code of the answer in it.
    logger: { error: (error) => void call.faults.push(error), warn() {} },
  };
}
