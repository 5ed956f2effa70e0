import "server-only";
import { cookies } from "next/headers";
import { EMAIL_MAX } from "../shared/schemas";
import { cookieNames, emailOptions, expiredOptions } from "./cookies";
import { setCookie } from "./set-cookie";

/**
 * Keeps an address that was typed for the next form that asks for one, in this browser alone;
 * one too long is not kept. For actions and routes.
 */
export async function keepTypedEmail(email: string): Promise<void> {
  if (email.length <= EMAIL_MAX) await setCookie(cookieNames.email(), email, emailOptions());
}

/** The address kept; empty where there is none. It may be anything: a person can write their own cookies. */
export async function typedEmail(): Promise<string> {
  const kept = (await cookies()).get(cookieNames.email())?.value ?? "";
  return kept.length <= EMAIL_MAX ? kept : "";
}

/** Forgets the address kept. For actions and routes. */
export async function forgetTypedEmail(): Promise<void> {
  await setCookie(cookieNames.email(), "", expiredOptions());
}
