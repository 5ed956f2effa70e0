import { env } from "../../platform/env";
import { type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

/** To the owner of an account for which another address was asked, while nothing has changed yet (ASVS v5.0.0-6.3.7). */
export const emailChangeRequestedEmail: WriteAlert = (to, client, link) =>
  writeAlert(
    to,
    link,
    "A new email address for your account",
    `Someone who knew your password asked for another email address for your account at ${env().appName}, ${whenAndWhere(client)}. Nothing changes until the link in our email to that address is followed.`,
    "If that was you, there is nothing to do here. If it was not:",
  );
