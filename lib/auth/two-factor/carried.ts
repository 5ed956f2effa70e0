import "server-only";
import { cookies } from "next/headers";
import { env } from "../../platform/env";
import { openFromBrowser, sealForBrowser } from "../../security/sealed-for-browser";
import { keyUri, newSecret } from "../../security/two-factor/totp";
import { SET_UP_MS, SHOWN_CODES_MS } from "../../shared/two-factor";
import { cookieNames, expiredOptions, setUpOptions, shownCodesOptions } from "../../web/cookies";
import { takenCodes } from "../../web/request";
import { setCookie } from "../../web/set-cookie";

// A secret on its way to somebody's app, and codes on their way to a page, are in the browser alone, encrypted for their
// account: the database has nothing of an app that was never confirmed, and no code to be shown again.

/** Makes a secret for this person's app, in place of one that was not confirmed. For actions. */
export async function beginSetUp(user: { id: string }): Promise<void> {
  await setCookie(
    cookieNames.setUp(),
    sealForBrowser("set-up", user.id, newSecret(), SET_UP_MS),
    setUpOptions(),
  );
}

/** A secret on its way to somebody's app. */
export interface SetUp {
  /** In base32, to be typed. */
  secret: string;
  /** The same as a QR code tells it. */
  uri: string;
}

/** The secret that waits for its code; null: none does, or it has waited too long. */
export async function currentSetUp({ id, email }: { id: string; email: string }): Promise<SetUp | null> {
  const sealed = (await cookies()).get(cookieNames.setUp())?.value ?? null;
  const secret = openFromBrowser("set-up", id, sealed);
  return secret === null ? null : { secret, uri: keyUri(secret, { issuer: env().appName, label: email }) };
}

/** Forgets the secret: it is an account's now. For actions. */
export async function endSetUp(): Promise<void> {
  await setCookie(cookieNames.setUp(), "", expiredOptions());
}

/** Hands recovery codes to the next page that shows them. For actions. */
export async function handOverCodes(user: { id: string }, codes: string[]): Promise<void> {
  await setCookie(
    cookieNames.shownCodes(),
    sealForBrowser("recovery-codes", user.id, codes.join(" "), SHOWN_CODES_MS),
    shownCodesOptions(),
  );
}

/** The recovery codes that this page shows, once: the middleware has taken them out of the browser. Null: none. */
export async function shownCodes(user: { id: string }): Promise<string[] | null> {
  return openFromBrowser("recovery-codes", user.id, await takenCodes())?.split(" ") ?? null;
}
