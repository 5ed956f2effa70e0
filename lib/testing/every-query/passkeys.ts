import { expect } from "vitest";
import { lockOwnAccount } from "../../accounts/lock-account";
import { logInWithPasskey } from "../../accounts/login/log-in-with-passkey";
import { addPasskey, askForPasskey, isOfferDue, takeOffer } from "../../accounts/passkeys/add-passkey";
import {
  acceptedPasskeys,
  canShowPasskey,
  listPasskeys,
  removePasskey,
  renamePasskey,
} from "../../accounts/passkeys/own-passkeys";
import { env } from "../../platform/env";
import { askForProof } from "../../security/passkeys/ceremony";
import { newChallenge } from "../../security/passkeys/challenges";
import { Authenticator, passkeyOf } from "../passkeys";
import { newClient, newPerson } from "../people";
import { atHome, database } from "./at-home";

const page = "the secret of a page";

/** Of such a passkey the count is compared. */
const KEPT_ON_ONE = { isEligible: false };

export async function walk(): Promise<void> {
  const { person, session, client } = await atHome(await newPerson());
  await isOfferDue(person.id);
  await takeOffer(person.id);
  const authenticator = new Authenticator(env().publicUrl.origin);
  authenticator.counts = true;
  const json = authenticator.create(await askForPasskey(person, "add", session.id), KEPT_ON_ONE);
  expect(await addPasskey(session, "add", json, client)).toEqual({ ok: true });
  const copy = authenticator.copy();
  await canShowPasskey(person.id);
  const options = { isRemembered: false, previousSessionToken: null };
  const logInWith = async (device: Authenticator) => {
    const question = await askForProof(newChallenge({ purpose: "log-in", subject: page }));
    return logInWithPasskey({ json: device.get(question, KEPT_ON_ONE), page }, options, newClient());
  };
  expect(await logInWith(authenticator)).toMatchObject({ ok: true });
  expect(await logInWith(copy)).toEqual({ ok: false, reason: "refused" });
  const passkeys = await listPasskeys(person.id);
  await acceptedPasskeys(person.id, passkeys);
  const [{ id } = { id: "" }] = passkeys;
  await renamePasskey(session, { id, name: "Mine" }, client);
  const havePassword = (hash: string | null) =>
    database.query('UPDATE "User" SET "passwordHash" = ? WHERE "id" = ?', hash, person.id);
  await havePassword(null);
  expect(await removePasskey(session, id, client)).toEqual({ ok: false, reason: "last-way-in" });
  await havePassword("some hash");
  expect(await removePasskey(session, id, client)).toEqual({ ok: true, hadIt: true });
  await passkeyOf(person);
  expect(await lockOwnAccount(session, client)).toMatchObject({ ok: true });
}
