import { setFirstPassword } from "../../accounts/change-password";
import { keepAccount, requestDeletion, requestDeletionWithoutPassword } from "../../accounts/delete-account";
import * as operator from "../../accounts/operator";
import { NO_CLIENT } from "../../platform/client-info";
import * as sessions from "../../security/sessions";
import { NEW_PASSWORD, newClient, newPerson, PASSWORD } from "../people";
import { atHome, database } from "./at-home";

export async function walk(): Promise<void> {
  const leaver = await atHome(await newPerson());
  const { username } = leaver.person;
  await requestDeletion(leaver.asker, { username, password: PASSWORD }, leaver.client);
  const back = await atHome(leaver.person);
  const leavingSession = await sessions.findLeavingSession(back.token);
  if (leavingSession) await keepAccount(leavingSession, back.token, back.client);

  const federated = await atHome(await newPerson());
  await database.query('UPDATE "User" SET "passwordHash" = ? WHERE "id" = ?', null, federated.person.id);
  await requestDeletionWithoutPassword(federated.asker, { username: federated.person.username }, newClient());
  await operator.keepAsOperator(federated.person.email, NO_CLIENT);
  const first = await atHome(await newPerson());
  await database.query('UPDATE "User" SET "passwordHash" = ? WHERE "id" = ?', null, first.person.id);
  await setFirstPassword(first.asker, { password: NEW_PASSWORD }, first.client);
}
