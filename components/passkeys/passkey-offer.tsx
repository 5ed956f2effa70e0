"use client";

import { useEffect, useEffectEvent, useState } from "react";
import { usePage } from "@/components/form/page-context";
import { Alert } from "@/components/ui/alert";
import { TextLink } from "@/components/ui/text-link";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { type AskAnswer, PASSKEY_FIELD } from "@/lib/shared/passkeys";
import { routes } from "@/lib/shared/routes";
import type { Questions } from "./ceremony";

type PasskeyOfferProps = {
  /** True on the page after a login, where the browser was never asked. It is read once. */
  isDue: boolean;
  ask: (form: FormData) => Promise<AskAnswer<Questions["create"]>>;
  /** True: it is added. */
  add: (form: FormData) => Promise<boolean>;
};

/** True where the browser can save a passkey without a dialog, next to the password that it has just filled in. */
async function canSave(): Promise<boolean> {
  const abilities = await globalThis.PublicKeyCredential?.getClientCapabilities?.();
  return abilities?.conditionalCreate === true;
}

/** Lets the browser of somebody who has just logged in save a passkey, where it can by itself, and says so. It never asks. */
export function PasskeyOffer({ isDue, ask, add }: PasskeyOfferProps) {
  const { marks } = usePage();
  const [isAdded, setIsAdded] = useState(false);

  const offer = useEffectEvent(async () => {
    if (!isDue || !(await canSave())) return;
    const form = new FormData();
    form.set(PAGE_FIELDS.reader, marks.reader);
    const asked = await ask(form);
    if (!asked || !("question" in asked)) return;
    const { answerOf } = await import("./ceremony");
    form.set(PASSKEY_FIELD, await answerOf("create", asked.question, true));
    setIsAdded(await add(form));
  });

  useEffect(() => {
    offer().catch(() => {}); // the browser would not: nobody has asked for anything
  }, []);

  if (!isAdded) return null;
  return (
    <div data-column="card" className="mx-auto mb-6 w-full max-w-card px-4">
      <Alert kind="info">
        Your browser saved a passkey, so that you can log in without a password next time.{" "}
        <TextLink href={routes.accountPasskeys}>See your passkeys</TextLink>
      </Alert>
    </div>
  );
}
