import "server-only";
import { env } from "../../platform/env";
import { log } from "../../platform/log";
import { commonWords } from "../../shared/common-words";
import {
  findLocalWeakness,
  type PasswordContext,
  type Weakness,
  weakness,
} from "../../shared/password-rules";
import { isBreached } from "./breaches";
import { isListed } from "./common-passwords/list";

export type { PasswordContext, Weakness, WeaknessKind } from "../../shared/password-rules";

/**
 * Why a new password must not be taken, or null: too common, or too close to what everyone knows of its owner. For a
 * password that `registerSchemaFor` accepts, and followed by {@link findBreach}.
 */
export async function findWeakness(password: string, context: PasswordContext): Promise<Weakness | null> {
  const local = findLocalWeakness(password, { ...context, appName: env().appName }, await commonWords());
  return local ?? (isListed(password) ? weakness("common") : null);
}

/** The same where it is known from a breach; null as well unless PASSWORD_BREACH_CHECK is on. */
export async function findBreach(password: string): Promise<Weakness | null> {
  return env().checkBreaches && (await isKnownFromBreach(password)) ? weakness("breached") : null;
}

/** False when the service does not answer: while it is down people must still be able to register (ASVS v5.0.0-16.5.2). */
async function isKnownFromBreach(password: string): Promise<boolean> {
  try {
    return await isBreached(password, env().breachApiUrl);
  } catch (error) {
    log().warn(
      `A password went unchecked for breaches: ${error instanceof Error ? error.name : typeof error}`,
    );
    return false;
  }
}
