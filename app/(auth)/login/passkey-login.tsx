"use client";

import { rememberWish } from "@/components/form/remember-wish";
import { PasskeyForm } from "@/components/passkeys/passkey-form";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { type AskAnswer, PAGE_HEADER, QUESTION_PATH, type RequestQuestion } from "@/lib/shared/passkeys";
import { passkeyLoginAction } from "./passkey-actions";

/** By no action: one waits for another, and nobody's login is to wait for what the page asks by itself. */
async function askForLogin(form: FormData): Promise<AskAnswer<RequestQuestion>> {
  const headers = { [PAGE_HEADER]: String(form.get(PAGE_FIELDS.secret)) };
  const answer = await fetch(QUESTION_PATH, { headers });
  return answer.ok ? { question: (await answer.json()) as RequestQuestion } : null;
}

/** @param callbackUrl the page to go to afterwards, a path on this site */
export function PasskeyLogin({ callbackUrl }: { callbackUrl: string }) {
  return (
    <PasskeyForm
      kind="get"
      ask={askForLogin}
      action={passkeyLoginAction}
      hidden={{ callbackUrl }}
      more={rememberWish}
      fillsIn="input[autocomplete~=username]"
      label="Use a passkey"
      busyLabel="Waiting for your passkey…"
      className="mt-3"
    />
  );
}
