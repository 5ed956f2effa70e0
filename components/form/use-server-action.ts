import { unstable_isUnrecognizedActionError, unstable_rethrow } from "next/navigation";
import { useActionState, useEffect, useState } from "react";
import { type ActionState, failed, idle, typedValues } from "@/lib/shared/action-state";
import { FORM_FIELD, PAGE_FIELDS } from "@/lib/shared/page-fields";
import { usePage } from "./page-context";

/** An action a form can carry: what it answered last and what was posted, to what it answers now. */
export type FormAction = (previous: ActionState, form: FormData) => Promise<ActionState>;

type Options = {
  /** Called in the browser when the server has refused what was sent; not when the question never got there. */
  onRefused?: (answer: ActionState, sent: FormData) => void;
  /** The page that a plain POST goes to, where it is not the page of the form. */
  page?: string;
};

/**
 * A server action's answer, and the way to ask for it.
 * - `dispatch` goes on the form as its `action`, so a press before the script has loaded is a plain POST.
 * - In the browser an answer of `done` loads the document it names; a broken connection is an answer too, of status
 *   `failed`, where React alone would take the page and all that was typed away.
 * - `isBusy` holds from the question until the next document is there. A page brought back by the back button is free again.
 */
export function useServerAction(action: FormAction, { onRefused, page }: Options = {}) {
  const { noteAnswer, underWay } = usePage();

  async function ask(previous: ActionState, form: FormData): Promise<ActionState> {
    underWay.add(form);
    try {
      const answer = await action(previous, form);
      if (!leadsElsewhere(answer)) underWay.delete(form);
      if (answer.status === "invalid" || answer.status === "failed") {
        onRefused?.(answer, form);
        noteAnswer();
      }
      // Here and not in an effect: the answer brings the page anew, and a form that is gone from it has no effects.
      if (answer.status === "done") window.location.assign(answer.goTo);
      return answer;
    } catch (error) {
      if (unstable_isUnrecognizedActionError(error)) return openAnew(form);
      underWay.delete(form);
      unstable_rethrow(error); // redirect() and notFound() are the framework's to handle
      noteAnswer();
      return failed(explain(error), form);
    }
  }

  // On the server the action itself: only a reference to it can be printed into a form that works without a script.
  const [state, dispatch, isPending] = useActionState(
    typeof window === "undefined" ? action : ask,
    idle,
    page,
  );
  const [comeBackTo, setComeBackTo] = useState<ActionState>();
  const isLeaving = leadsElsewhere(state) && state !== comeBackTo;

  useEffect(() => {
    function comeBack(event: PageTransitionEvent) {
      if (event.persisted) setComeBackTo(state);
    }
    window.addEventListener("pageshow", comeBack);
    return () => window.removeEventListener("pageshow", comeBack);
  }, [state]);

  return { state, dispatch, isBusy: isPending || isLeaving };
}

/** True for an answer that brings another document. */
function leadsElsewhere(answer: ActionState): boolean {
  return answer.status === "done" && !answer.isFile;
}

/**
 * This page is older than the site: sends what was typed to its own address, without an action, as a form without a script
 * would. The answer is the page anew, and says so.
 */
function openAnew(typed: FormData): Promise<never> {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", enctype: "multipart/form-data", hidden: true });
  const unseen = [PAGE_FIELDS.reader, FORM_FIELD].map((name) => [name, String(typed.get(name) ?? "")]);
  const fields = { ...typedValues(typed), ...Object.fromEntries(unseen), [`$ACTION_ID_${NO_ACTION}`]: "" };
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form); // a field may have that name
  return new Promise(() => {}); // busy until the next document is there
}

/** The name of no action, in the shape that names have. */
const NO_ACTION = "0".repeat(42);

/** One sentence for a question that got no answer. */
function explain(error: unknown): string {
  // What the server threw itself arrives with a digest, the number it is logged under.
  if (error instanceof Error && "digest" in error)
    return "Something went wrong on our side. Try again in a moment.";
  // A broken connection is a TypeError to fetch(); the rest was answered before any action of ours was asked.
  if (!(error instanceof TypeError)) return "We cannot do that right now. Please try again in a moment.";
  return "That did not reach us. Check your connection and try again.";
}
