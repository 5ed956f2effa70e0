"use server";

import { addPasskey, askForPasskey, takeOffer } from "@/lib/accounts/passkeys/add-passkey";
import { answerWithQuestion, currentSession, madeFor, offersPasskey } from "@/lib/auth";
import { idle } from "@/lib/shared/action-state";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { type AskAnswer, type CreationQuestion, PASSKEY_FIELD } from "@/lib/shared/passkeys";
import { runAction } from "@/lib/web/action";
import { clientInfo } from "@/lib/web/request";

/** Puts the question for a passkey that the browser saves by itself, to somebody who has just logged in, once. */
export async function askForOfferedAction(form: FormData): Promise<AskAnswer<CreationQuestion>> {
  return answerWithQuestion<CreationQuestion>(form, async () => {
    const session = await currentSession();
    // A page of somebody who was logged in here before must not use up the one offer of this person.
    if (!session || madeFor(session.user, form.get(PAGE_FIELDS.reader)) !== "this person") return null;
    if (!(await offersPasskey()) || !(await takeOffer(session.user.id))) return null;
    return { question: await askForPasskey(session.user, "offer", session.id) };
  });
}

/** Adds the passkey that came of it, and tells the owner. True: it is added. */
export async function addOfferedPasskeyAction(form: FormData): Promise<boolean> {
  let isAdded = false;
  await runAction(form, async (fields) => {
    const session = await currentSession();
    if (!session || madeFor(session.user, fields[PAGE_FIELDS.reader]) !== "this person") return idle;
    isAdded = (await addPasskey(session, "offer", fields[PASSKEY_FIELD], await clientInfo())).ok;
    return idle;
  });
  return isAdded;
}
