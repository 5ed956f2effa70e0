import { eraseAccount } from "../../accounts/erase-accounts";
import * as operator from "../../accounts/operator";
import { enqueueEmail } from "../../mail/outbox";
import { NO_CLIENT } from "../../platform/client-info";
import { db } from "../../platform/db";
import { isReady } from "../../platform/health";
import { newPerson } from "../people";
import { database, emailFor } from "./at-home";

export async function walk(): Promise<void> {
  const person = await newPerson();
  await operator.lockAsOperator(person.email, NO_CLIENT);
  await operator.findAccountFacts(person.email);
  await operator.makeResetLink(person.email, NO_CLIENT);
  await operator.unlockAsOperator(person.email, NO_CLIENT);
  const email = emailFor(person.email);
  const id = await enqueueEmail(email, db, { dueAt: email.expiresAt });
  // As a release before the column wrote it.
  await database.query('UPDATE "OutboxEmail" SET "recipientHash" = ? WHERE "id" = ?', null, id);
  await eraseAccount(person.id);
  await operator.eraseAsOperator((await newPerson()).email, "someone");
  await operator.lastOrigin();
  await isReady();
}
