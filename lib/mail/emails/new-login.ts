import type { ClientInfo } from "../../platform/client-info";
import { type Letter, noticeEnd, writeLetter } from "../email";
import { lockButton, type NoticeLink, whenAndWhere } from "./security-alert";

/** To the owner of an account that was opened just now by a browser it did not know (ASVS v5.0.0-6.3.5). */
export function newLoginLetter(email: string, client: ClientInfo, link: NoticeLink): Letter {
  return writeLetter({
    to: email,
    subject: "A login from a new device",
    before: [
      `Someone logged in to your account ${whenAndWhere(client)}. This device was not known before.`,
      "If that was you, there is nothing to do. If it was not:",
    ],
    ...lockButton(link),
    expiresAt: noticeEnd(),
  });
}
