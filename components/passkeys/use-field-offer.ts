import { useEffect, useEffectEvent } from "react";
import { type AskAnswer, CHALLENGE_MS } from "@/lib/shared/passkeys";
import { MINUTE_MS } from "@/lib/shared/units";
import { answerOf, hasPasskeysAt, type Kind, type Questions, stopAsking } from "./ceremony";

/** A question that waits in a field is asked anew so long before it ends, in milliseconds. */
const ANEW_BEFORE_MS = MINUTE_MS;

type FieldOffer<K extends Kind> = {
  kind: K;
  /** The field, by a selector, in which the browser offers passkeys by itself; left out: none. */
  fillsIn?: string;
  /** Where passkeys work: this site's public address. */
  origin: string;
  /** True while a person asks for a passkey themselves, or one is being taken. */
  isPaused: boolean;
  /** The form as it is: what asks, and brings the answer. */
  readForm: () => FormData;
  ask: (form: FormData) => Promise<AskAnswer<Questions[K]>>;
  send: (form: FormData, answer: string) => void;
};

/** Lets the browser offer passkeys in a field, as long as its page is looked at, and sends the one that is chosen there. */
export function useFieldOffer<K extends Kind>(offered: FieldOffer<K>): void {
  const { fillsIn, origin, isPaused } = offered;

  const offerInField = useEffectEvent(async (field: HTMLInputElement, isOver: () => boolean) => {
    const { kind, readForm, ask, send } = offered;
    const form = readForm();
    const asked = await ask(form);
    if (!asked || "goTo" in asked || isOver()) return;
    // Not before a question waits: it tells the browser to offer passkeys there.
    field.autocomplete = "username webauthn";
    const answer = await answerOf(kind, asked.question, true).catch(() => null); // it was stopped, or nobody has chosen one
    if (answer !== null && !isOver()) send(form, answer);
  });

  useEffect(() => {
    const field = fillsIn ? document.querySelector<HTMLInputElement>(fillsIn) : null;
    if (!field || isPaused || !hasPasskeysAt(origin)) return;
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
  }, [fillsIn, origin, isPaused]);

  useEffect(() => () => void (fillsIn && stopAsking()), [fillsIn]);
}

async function canOffer(): Promise<boolean> {
  return (await window.PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false)) ?? false;
}
