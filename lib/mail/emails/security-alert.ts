import type { ClientInfo } from "../../platform/client-info";
import { describeDevice } from "../../platform/user-agent";
import { linkPath } from "../../shared/links";
import { inWords } from "../email";

/** The secret by which an owner locks the account. */
export interface NoticeLink {
  token: string;
  expiresAt: Date;
}

/** When, with what and from where something was done just now, in words: "on … UTC, with Firefox on Linux at 203.0.113.7". */
export function whenAndWhere({ userAgent, ip }: ClientInfo): string {
  return `on ${inWords(new Date())}, with ${describeDevice(userAgent)}${ip ? ` at ${ip}` : ""}`;
}

/** What every notice ends with: the way out for an owner who had no part in it. */
export function lockButton({ token, expiresAt }: NoticeLink) {
  return {
    button: { label: "This was not me", path: linkPath("lock-account", token) },
    after: [
      `There you lock your account, until ${inWords(expiresAt)}: every device is logged out, the password stops working, and you choose a new one.`,
    ],
  };
}
