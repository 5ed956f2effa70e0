import { env } from "../../platform/env";
import { formatMoment } from "../../shared/moment";
import { alertEnd, type Email, type Recipient, writeEmail } from "../email";
import { type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

/**
 * To the owner of an account that was to be deleted and stays, because somebody has logged in and said so (ASVS v5.0.0-6.3.7).
 * @param deleteAt when it would have been erased
 */
export function accountKeptEmail(deleteAt: Date): WriteAlert {
  return (to, client, link) =>
    writeAlert(
      to,
      link,
      "Your account stays",
      `Your account at ${env().appName} was to be deleted on ${formatMoment(deleteAt)}. Someone logged in and kept it, ${whenAndWhere(client)}.`,
    );
}

/**
 * To the owner of an account that was to be deleted and stays, because the operator has said so.
 * @param deleteAt when it would have been erased
 */
export function accountKeptByOperatorEmail(to: Recipient, deleteAt: Date, how: "kept" | "locked"): Email {
  const { appName } = env();
  const what = how === "kept" ? "have kept it" : "have locked it, and a locked account is not deleted";
  return writeEmail({
    to,
    subject: "Your account stays",
    before: [
      `Your account at ${appName} was to be deleted on ${formatMoment(deleteAt)}. The people who run ${appName} ${what}. Every device was logged out.`,
      how === "kept"
        ? "If you want it deleted all the same, log in and ask for it again. If it was not you who asked for it, someone knows your password: choose a new one."
        : "While it is locked nobody can log in. If you want to know why, or want it deleted all the same, ask the people who run the site.",
    ],
    after: [],
    expiresAt: alertEnd(),
  });
}
