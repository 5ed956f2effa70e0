import { env } from "../../platform/env";
import { type WriteAlert, whenAndWhere, writeAlert } from "./security-alert";

/** To the owner of an account that got another username just now. It names neither: a mail program makes links of some. */
export const usernameChangedEmail: WriteAlert = (to, client, link) =>
  writeAlert(
    to,
    link,
    "Your username was changed",
    `The username of your account at ${env().appName} was changed ${whenAndWhere(client)}.`,
  );
