import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { expect } from "vitest";
import { changeDisplayName } from "../../accounts/change-display-name";
import { changePassword, hasPassword } from "../../accounts/change-password";
import { changeUsername, listKeptUsernames } from "../../accounts/change-username";
import { exportData } from "../../accounts/export-data";
import { readHistory } from "../../accounts/history";
import { logOut } from "../../accounts/log-out";
import * as ownSessions from "../../accounts/own-sessions";
import { changePicture, findPicture, removePicture } from "../../accounts/picture";
import { record } from "../../security/audit";
import { NEW_PASSWORD, newPerson, PASSWORD } from "../people";
import { atHome } from "./at-home";

export async function walk(): Promise<void> {
  const { person, session, token, client, asker } = await atHome(await newPerson());
  await atHome(person);
  await ownSessions.listSessions(session);
  await ownSessions.listBrowsers(session, client);
  await ownSessions.endSession(session, randomUUID(), client);
  await ownSessions.endOtherSessions(session, client);
  await ownSessions.forgetOwnBrowser(session, randomUUID(), client);
  for (const username of ["a", "b"])
    await changeUsername(session, { username: username + randomUUID().slice(0, 12) }, client);
  await changeUsername(session, { username: person.username }, client);
  await listKeptUsernames(person);
  await changeDisplayName(session, { displayName: "Ada" }, client);
  const red = { create: { width: 8, height: 8, channels: 3 as const, background: "red" } };
  await changePicture(session, () => sharp(red).png().toBuffer(), client);
  await findPicture(person.id);
  await removePicture(session, client);
  await readHistory(person.id, null);
  for (let kept = 0; kept < 30; kept++) await record("username-changed", { userId: person.id }, client);
  const { older } = await readHistory(person.id, null);
  expect(older).not.toBeNull();
  await readHistory(person.id, older);
  await exportData(person.id, session.id, client);
  await hasPassword(person.id);
  await changePassword(asker, { currentPassword: PASSWORD, password: NEW_PASSWORD }, client);
  await logOut(token, client);
}
