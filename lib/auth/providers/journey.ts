import "server-only";
import { cookies } from "next/headers";
import { cache } from "react";
import { z } from "zod";
import type { ProvenByProvider, ProviderIdentity } from "../../accounts/login/prove-provider";
import { hashToken } from "../../platform/crypto/token";
import { env } from "../../platform/env";
import { isUsable } from "../../platform/providers/configured-providers";
import { type Carried, openFromBrowser, sealForBrowser } from "../../security/sealed-for-browser";
import { spendOnce } from "../../security/spent-once";
import { ARRIVAL_MS, JOURNEY_MS, VOUCHER_MS } from "../../shared/connections";
import { routes } from "../../shared/routes";
import {
  arrivalOptions,
  cookieNames,
  expiredOptions,
  journeyOptions,
  voucherOptions,
} from "../../web/cookies";
import { setCookie } from "../../web/set-cookie";

// What a browser is sent to a provider for, and who has come back, is in that browser alone, encrypted: nothing is written
// for a visitor who does not come back, and no other browser can go on with it (ASVS v5.0.0-10.1.2).

const journeySchema = z.object({
  purpose: z.enum(["log-in", "register", "connect", "re-authenticate", "confirm"]),
  provider: z.string(),
  /** Of the `state` that goes to the provider and comes back. */
  stateHash: z.string(),
  /** What next-auth compares the answer with. */
  checks: z.object({ nonce: z.string(), verifier: z.string() }),
  /** The page to go on to. It comes from our own action. */
  path: z.string(),
  isRemembered: z.boolean(),
  /** The session that asks, where somebody is logged in: no other one gets what it asked for. */
  sessionId: z.string().nullable(),
  /** The account to vouch for, where it is for one alone: whose emailed link the browser has open. */
  ownerId: z.string().optional(),
  /** True for a login where the provider is to ask its person anew who they are, as it is wherever nobody logs in. */
  isAnew: z.boolean().optional(),
  /** In milliseconds since 1970. */
  askedAt: z.number(),
});

/**
 * Longest path that is kept, in characters: the answer that leads to a provider has it in a cookie, and its whole head has to
 * fit the 4 KiB that nginx takes by default.
 */
const PATH_MAX = 800;

/** What a browser was sent to a provider for. */
export type Journey = z.output<typeof journeySchema>;

const arrivalSchema = z.object({
  identity: z.object({
    provider: z.string(),
    issuer: z.string(),
    subject: z.string(),
    type: z.enum(["oidc", "oauth"]),
    email: z.string().nullable(),
    isEmailProven: z.boolean(),
    username: z.string().nullable(),
    displayName: z.string().nullable(),
    name: z.string().nullable(),
    authenticatedAt: z.coerce.date().nullable(),
  }) satisfies z.ZodType<ProviderIdentity>,
  isRemembered: z.boolean(),
});

/** Somebody who has come back from a provider and has no account here. */
type Arrival = z.output<typeof arrivalSchema>;

const voucherSchema = z.object({
  id: z.string(),
  connection: z.object({ provider: z.string(), issuer: z.string(), subject: z.string() }),
});

/** For which account of this browser's a provider vouches, where its login could not open it yet. */
type Voucher = z.output<typeof voucherSchema>;

export async function writeJourney(
  journey: Omit<Journey, "stateHash" | "askedAt">,
  state: string,
): Promise<void> {
  const path = journey.path.length > PATH_MAX ? routes.home : journey.path;
  const whole: Journey = { ...journey, path, stateHash: hashToken(state), askedAt: Date.now() };
  await setCookie(cookieNames.journey(), sealed("journey", whole, JOURNEY_MS), journeyOptions());
}

/**
 * Takes what this browser was sent to that provider for with that `state`, once, however often the browser sends it: else one
 * question would let it have any number of codes tried at the provider in our name. For actions and routes.
 * @returns null: it was not sent, or too long ago, or an answer has been taken
 */
export async function takeJourney(provider: string, state: string): Promise<Journey | null> {
  const journey = await open("journey", cookieNames.journey(), journeySchema);
  if (!journey || journey.provider !== provider || journey.stateHash !== hashToken(state)) return null;
  await setCookie(cookieNames.journey(), "", expiredOptions());
  const isFirst = await spendOnce(state, new Date(journey.askedAt + JOURNEY_MS));
  return isFirst ? journey : null;
}

/** For actions and routes. */
export async function writeArrival(arrival: Arrival): Promise<void> {
  await setCookie(cookieNames.arrival(), sealed("arrival", arrival, ARRIVAL_MS), arrivalOptions());
}

/** Who has come back in this browser; null: nobody, too long ago, or the settings would not let them in by that any more. */
export const currentArrival = cache(async (): Promise<Arrival | null> => {
  const arrival = await open("arrival", cookieNames.arrival(), arrivalSchema);
  return arrival && isTakenNow(arrival.identity) ? arrival : null;
});

/** False once the settings have lost the provider, or do not believe it any more. */
function isTakenNow(identity: ProviderIdentity): boolean {
  const provider = env().providers.find(({ id }) => id === identity.provider);
  return isUsable(identity) && (!identity.isEmailProven || provider?.trustsEmail === true);
}

/** Names whom a page was made for: another tab may have come back as somebody else meanwhile. */
export function arrivalIdOf({ identity: { provider, issuer, subject } }: Arrival): string {
  return hashToken(JSON.stringify([provider, issuer, subject]));
}

/** For actions and routes. */
export async function endArrival(): Promise<void> {
  await setCookie(cookieNames.arrival(), "", expiredOptions());
}

/** Lets this browser confirm an account's address that has no password to type there. For actions and routes. */
export async function writeVoucher({
  id,
  connection,
}: Pick<ProvenByProvider, "id" | "connection">): Promise<void> {
  const { provider, issuer, subject } = connection;
  const voucher: Voucher = { id, connection: { provider, issuer, subject } };
  await setCookie(cookieNames.voucher(), sealed("voucher", voucher, VOUCHER_MS), voucherOptions());
}

export const currentVoucher = cache(
  (): Promise<Voucher | null> => open("voucher", cookieNames.voucher(), voucherSchema),
);

function sealed(what: Carried, value: object, ttlMs: number): string {
  return sealForBrowser(what, "", JSON.stringify(value), ttlMs);
}

async function open<Value>(what: Carried, name: string, schema: z.ZodType<Value>): Promise<Value | null> {
  const text = openFromBrowser(what, "", (await cookies()).get(name)?.value ?? null);
  return text === null ? null : (schema.safeParse(JSON.parse(text)).data ?? null); // another release may have sealed it
}
