"use client";

import { startTransition, useEffect, useEffectEvent, useRef, useState } from "react";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { BusyStatus } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { useHydrated } from "@/components/form/use-hydrated";
import type { FormAction } from "@/components/form/use-server-action";
import { Alert } from "@/components/ui/alert";
import { Button, type ButtonLook } from "@/components/ui/button";
import type { ActionState } from "@/lib/shared/action-state";
import { type AskAnswer, CHALLENGE_MS, PASSKEY_FIELD } from "@/lib/shared/passkeys";
import { MINUTE_MS } from "@/lib/shared/units";
import { answerOf, type Kind, type Questions, stopAsking, tellUnknown, troubleOf } from "./ceremony";

/** A question that waits in a field is asked anew so long before it ends, in milliseconds. */
const ANEW_BEFORE_MS = MINUTE_MS;

type PasskeyFormProps<K extends Kind> = {
  kind: K;
  /** Asks the server for the question. */
  ask: (form: FormData) => Promise<AskAnswer<Questions[K]>>;
  /** Takes the answer. */
  action: FormAction;
  /** Where passkeys work: this site's public address. At another one there is no button. */
  origin: string;
  /** Hidden fields, by name. */
  hidden?: Record<string, string>;
  /** Further fields, read when the answer is sent. */
  more?: () => Record<string, string>;
  /** The field, by a selector, in which the browser offers passkeys by itself. */
  fillsIn?: string;
  look?: ButtonLook;
  label: string;
  busyLabel: string;
  className?: string;
};

/** A form that is one button, which asks the browser for a passkey. Without a script a press says that it needs one. */
export function PasskeyForm<K extends Kind>({
  kind,
  ask,
  action,
  origin,
  hidden = {},
  more = () => ({}),
  fillsIn,
  look = "quiet",
  label,
  busyLabel,
  className = "",
}: PasskeyFormProps<K>) {
  const { form, formProps } = useActionForm<typeof PASSKEY_FIELD>(action);
  const isHydrated = useHydrated();
  const isShown = !isHydrated || hasPasskeysAt(origin);
  const sent = useRef("");
  const [isAsking, setIsAsking] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const isBusy = isAsking || form.isBusy;

  /** The form as it is: what asks, and brings the answer. */
  function readForm(): FormData {
    return new FormData(formProps.ref.current ?? undefined);
  }

  function send(fields: FormData, answer: string) {
    sent.current = answer;
    for (const [name, value] of Object.entries({ ...more(), [PASSKEY_FIELD]: answer }))
      fields.set(name, value);
    startTransition(() => formProps.action(fields));
  }

  /** Null: it did not get there, or there is nothing to ask. */
  function askServer(fields: FormData): Promise<AskAnswer<Questions[K]>> {
    return ask(fields).catch(() => null);
  }

  async function press() {
    if (isBusy) return;
    setIsAsking(true);
    setTrouble(null);
    const fields = readForm();
    const asked = await askServer(fields);
    if (asked && "goTo" in asked) return window.location.assign(asked.goTo); // busy until that page is there
    try {
      if (asked) send(fields, await answerOf(kind, asked.question));
      else setTrouble("That did not reach us. Reload the page and try again.");
    } catch (error) {
      setTrouble(troubleOf(error, kind));
    }
    setIsAsking(false);
  }

  const offerInField = useEffectEvent(async (field: HTMLInputElement, isOver: () => boolean) => {
    const fields = readForm();
    const asked = await askServer(fields);
    if (!asked || "goTo" in asked || isOver()) return;
    // Not before a question waits: it tells the browser to offer passkeys there.
    field.autocomplete = "username webauthn";
    const answer = await answerOf(kind, asked.question, true).catch(() => null); // it was stopped, or nobody has chosen one
    if (answer !== null && !isOver()) send(fields, answer);
  });

  useEffect(() => {
    const field = fillsIn ? document.querySelector<HTMLInputElement>(fillsIn) : null;
    if (!field || isAsking || !hasPasskeysAt(origin)) return;
    let isOver = false;
    let isDue = true;
    let next: ReturnType<typeof setTimeout>;
    /** Asks for nothing while nobody looks at the page: once they do, it does. */
    async function offer(field: HTMLInputElement): Promise<void> {
      if (!isDue || document.hidden) return;
      isDue = false;
      if (!(await canOffer()) || isOver) return;
      next = setTimeout(() => {
        isDue = true;
        void offer(field);
      }, CHALLENGE_MS - ANEW_BEFORE_MS);
      await offerInField(field, () => isOver);
    }
    const offerIfShown = () => void offer(field);
    document.addEventListener("visibilitychange", offerIfShown);
    void offer(field);
    return () => {
      isOver = true;
      clearTimeout(next);
      document.removeEventListener("visibilitychange", offerIfShown);
    };
  }, [fillsIn, origin, isAsking]);

  const { state } = form;
  const error = errorIn(state);
  useEffect(() => {
    // By the answer, not by its words: those of a second passkey are the same.
    if (errorIn(state) !== undefined && sent.current !== "")
      void tellUnknown(new URL(origin).hostname, sent.current);
  }, [state, origin]);

  useEffect(() => () => void (fillsIn && stopAsking()), [fillsIn]);

  if (!isShown) return null;
  const said = trouble ?? error;
  return (
    <Form
      {...formProps}
      onSubmit={(event) => {
        event.preventDefault();
        void press();
      }}
      className={`grid gap-3 ${className}`}
    >
      {said === undefined ? <FormMessage form={form} /> : <Alert kind="danger">{said}</Alert>}
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <Button type="submit" look={look} isBusy={isBusy} busyLabel={busyLabel} className="w-full">
        {label}
      </Button>
      <BusyStatus>{isBusy && busyLabel}</BusyStatus>
      <noscript>
        <p className="text-center text-muted text-small">
          A passkey needs a script, and this browser runs none.
        </p>
      </noscript>
    </Form>
  );
}

/** What the answer says of the passkey that was shown: no account has it any more. */
function errorIn(state: ActionState): string | undefined {
  return state.status === "invalid" ? state.fieldErrors[PASSKEY_FIELD] : undefined;
}

/** True where this browser knows passkeys, and is at the address for which they are made. */
function hasPasskeysAt(origin: string): boolean {
  return window.location.origin === origin && typeof window.PublicKeyCredential === "function";
}

async function canOffer(): Promise<boolean> {
  return (await window.PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false)) ?? false;
}
