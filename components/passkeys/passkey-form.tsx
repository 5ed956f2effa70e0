"use client";

import { startTransition, useEffect, useRef, useState } from "react";
import { Form } from "@/components/form/form";
import { FormMessage } from "@/components/form/form-message";
import { usePage } from "@/components/form/page-context";
import { BusyStatus } from "@/components/form/submit-button";
import { useActionForm } from "@/components/form/use-action-form";
import { useHydrated } from "@/components/form/use-hydrated";
import type { FormAction } from "@/components/form/use-server-action";
import { Alert } from "@/components/ui/alert";
import { Button, type ButtonLook } from "@/components/ui/button";
import type { ActionState } from "@/lib/shared/action-state";
import { type AskAnswer, PASSKEY_FIELD } from "@/lib/shared/passkeys";
import { answerOf, hasPasskeysAt, type Kind, type Questions, tellUnknown, troubleOf } from "./ceremony";
import { useFieldOffer } from "./use-field-offer";

type PasskeyFormProps<K extends Kind> = {
  kind: K;
  /** Asks the server for the question. */
  ask: (form: FormData) => Promise<AskAnswer<Questions[K]>>;
  /** Takes the answer. */
  action: FormAction;
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

/**
 * A form that is one button, which asks the browser for a passkey. Without a script a press says that it needs one. At another
 * address than the site's public one, where passkeys do not work, there is no button.
 */
export function PasskeyForm<K extends Kind>({
  kind,
  ask,
  action,
  hidden = {},
  more = () => ({}),
  fillsIn,
  look = "quiet",
  label,
  busyLabel,
  className = "",
}: PasskeyFormProps<K>) {
  const { form, formProps } = useActionForm<typeof PASSKEY_FIELD>(action);
  const { origin } = usePage();
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

  // Also while an answer is on its way: one more would log in once more, and end the session that the first has opened.
  useFieldOffer({ kind, fillsIn, origin, isPaused: isBusy, readForm, ask: askServer, send });

  const { state } = form;
  const error = errorIn(state);
  useEffect(() => {
    // By the answer, not by its words: those of a second passkey are the same.
    if (errorIn(state) !== undefined && sent.current !== "")
      void tellUnknown(new URL(origin).hostname, sent.current);
  }, [state, origin]);

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
