import "server-only";
import NextAuth from "next-auth";
import { countJourney } from "../../accounts/login/prove-provider";
import { env } from "../../platform/env";
import { isAddressOf } from "../../platform/providers/ask-provider";
import { isTimed } from "../../platform/providers/configured-providers";
import type { ProviderSettings } from "../../platform/settings/providers";
import { type ActionState, failed } from "../../shared/action-state";
import { goTo, throttled } from "../../web/action";
import { cookieNames, expiredOptions } from "../../web/cookies";
import { clientInfo } from "../../web/request";
import { setCookie } from "../../web/set-cookie";
import { takeChecks } from "./checks";
import { type Journey, writeJourney } from "./journey";
import { type ProviderCall, providerConfig } from "./provider-config";
import { noteRefusal, refusalOf } from "./refusals";

const NO_ANSWER = "does not answer at the moment. Please try again, or use another way.";

/**
 * Sends a browser to a provider, and binds what it is sent for to this browser and this question. For actions.
 * @param id as the form has it
 */
export async function beginJourney(
  id: unknown,
  journey: Pick<Journey, "purpose" | "path" | "isRemembered" | "sessionId" | "ownerId" | "isAnew">,
  form: FormData,
): Promise<ActionState> {
  const provider = env().providers.find((each) => each.id === id);
  if (!provider)
    return failed("This site does not log in with that provider any more. Reload the page.", form);
  const client = await clientInfo();
  const tooMany = await countJourney(client);
  if (tooMany) return throttled(tooMany, form);
  const call: ProviderCall = { identity: null, faults: [] };
  const url = await questionTo(provider, call, journey.isAnew ?? journey.purpose !== "log-in");
  const state = url?.searchParams.get("state");
  if (!url || !state) {
    const { refusal, reason } = refusalOf(call);
    noteRefusal(provider, reason, client);
    const cannot = "cannot be asked: the people who run this site find the reason in their log.";
    return failed(`${provider.label} ${refusal === "down" ? NO_ANSWER : cannot}`, form);
  }
  await setCookie(cookieNames.callbackUrl(), "", expiredOptions()); // next-auth sets it, and nothing reads it
  await writeJourney({ ...journey, provider: provider.id, checks: await takeChecks() }, state);
  return goTo(url.href);
}

/** The address of the provider's page, with our question; null where it cannot be asked. */
async function questionTo(
  provider: ProviderSettings,
  call: ProviderCall,
  isAnew: boolean,
): Promise<URL | null> {
  const options = { redirect: false, redirectTo: "/" } as const;
  const asked = isAnew ? askAnew(provider) : {};
  const href: unknown = await providerConfig(provider, call)
    .then((config) => NextAuth(config).signIn(provider.id, options, asked))
    .catch((error: unknown) => {
      call.faults.push(error);
      return null;
    });
  if (call.faults.length > 0 || typeof href !== "string" || !URL.canParse(href)) return null;
  const url = new URL(href);
  return isAddressOf(provider, url) ? url : null;
}

/**
 * What makes a provider ask its person again who they are; Google and GitHub can only be made to ask which account it is. Also
 * where one is to be connected, or an emailed link to be used: the person logged in there, in this browser, may be somebody else.
 */
function askAnew(provider: ProviderSettings): Record<string, string> {
  return isTimed(provider) ? { prompt: "login", max_age: "0" } : { prompt: "select_account" };
}
