import { type ComponentProps, type FormEvent, startTransition, useEffect, useRef, useState } from "react";
import type { z } from "zod";
import type { ActionState, WayOut } from "@/lib/shared/action-state";
import type { PROOF_FIELD } from "@/lib/shared/page-fields";
import { SECRET_FIELDS } from "@/lib/shared/secret-fields";
import { afterPress } from "./after-press";
import type { FormChecks, FormErrors } from "./form-checks";
import { usePage } from "./page-context";
import { useTypedBefore } from "./typed-before";
import { type FormAction, useServerAction } from "./use-server-action";

type FormSchema<Name extends string> = z.ZodType<unknown, Partial<Record<Name, unknown>>>;

/** What the parts of a form need to know of it. `Name` is the union of its fields' names, so a typo does not compile. */
export type ActionForm<Name extends string> = {
  /** The server's last answer. */
  state: ActionState;
  /** True once the form was refused here, before it was sent again: what is said at its fields is newer. */
  isStateOutdated: boolean;
  /** True while the server works and while the next page loads: say so, and ignore presses. */
  isBusy: boolean;
  /** What is wrong with a field, or undefined. */
  errorOf: (name: Name) => string | undefined;
  /** Links that solve it; none for what was found in the browser. */
  waysOutOf: (name: Name) => readonly WayOut[];
  /** True while the page is the server's own answer to a post: it has no password in it, though one was typed. */
  isRedrawn: boolean;
  /** What had been typed when the server last answered; never a password. */
  typedIn: (name: Name) => string | undefined;
  /**
   * Ties an input to the form: `<input {...form.register("email")} />`.
   * `rechecks` names a field whose rule reads this one; once something is in it, it is checked again with this one.
   */
  register: (name: Name, rechecks?: Name) => Pick<ComponentProps<"input">, "name" | "onChange" | "onBlur">;
};

const SECRETS = "input[autocomplete$=-password]";

/**
 * The one place where the checks in the browser meet the server: instant feedback over a form that works without it.
 *
 * The document is the only truth about what was typed. Nothing is kept in state, so what was typed, pasted or filled in
 * before the script ran is neither lost nor overwritten, and schema and server judge the very same `FormData`.
 *
 * @param action the server action, carried by the form itself: without a script a press is a plain POST
 * @param loadSchema imports the schema the action uses; called when the form first takes focus, so that zod and
 *   react-hook-form are no part of the page's own script. Where they cannot be loaded the server judges alone. None for a
 *   form without fields
 * @param name tells it from other forms of its page that have fields of the same names, where what was typed is given back
 *   after a login
 */
export function useActionForm<Name extends string>(
  action: FormAction,
  loadSchema?: () => Promise<FormSchema<Name>>,
  name = "",
) {
  const element = useRef<HTMLFormElement>(null);
  const loading = useRef<Promise<FormChecks | null>>(null);
  const isUnderWay = useRef(false);
  const { noteAnswer } = usePage();
  const [outdated, setOutdated] = useState<ActionState>();
  const [isChecking, setIsChecking] = useState(false);
  const before = useTypedBefore(name);

  const { state, dispatch, isBusy } = useServerAction(action, {
    onRefused(answer, sent) {
      if (!isAboutSecret(answer)) return;
      for (const secret of element.current?.querySelectorAll<HTMLInputElement>(SECRETS) ?? [])
        if (secret.value === sent.get(secret.name)) secret.value = ""; // else typed while the server worked
    },
  });

  const [firstState] = useState(state);
  const [answered, setAnswered] = useState(state);
  const [errors, setErrors] = useState(serverErrors(state));
  if (answered !== state) {
    setAnswered(state);
    if (state.status === "invalid") setErrors(serverErrors(state));
  }

  useEffect(() => {
    // Not while taking over: the visitor may have moved on from the field the server's own page had put them in.
    if (state.status !== "invalid" || state === firstState) return;
    const errors = serverErrors(state);
    void loading.current?.then((checks) => checks?.setErrors(errors));
    focusFirst(element.current, errors);
  }, [state, firstState]);

  const readTyped = () => new FormData(element.current ?? undefined);

  /** Null where they cannot be had: the next try may have a connection. What has been loaded, the browser keeps. */
  function loadChecks(): Promise<FormChecks | null> {
    if (!loadSchema) return Promise.resolve(null);
    loading.current ??= Promise.all([loadSchema(), import("./form-checks")]).then(
      ([schema, { makeChecks }]) => {
        const checks = makeChecks(schema, () => Object.fromEntries(readTyped()), setErrors);
        checks.setErrors(errors);
        return checks;
      },
      () => {
        loading.current = null;
        return null;
      },
    );
    return loading.current;
  }

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isBusy || isUnderWay.current) return;
    isUnderWay.current = true;
    setIsChecking(true);
    try {
      const found = await (await loadChecks())?.checkAll();
      if (!found) return startTransition(() => dispatch(readTyped()));
      setOutdated(state);
      noteAnswer();
      focusFirst(element.current, found);
    } finally {
      isUnderWay.current = false;
      setIsChecking(false);
    }
  }

  const form: ActionForm<Name | typeof PROOF_FIELD> = {
    state,
    isStateOutdated: state === outdated,
    isBusy: isBusy || isChecking,
    errorOf: (name) => errors[name]?.message,
    waysOutOf: (name) =>
      state.status === "invalid" && errors[name]?.type === SERVER ? (state.waysOut[name] ?? []) : [],
    isRedrawn: state === firstState && state.status !== "idle",
    typedIn: (name) =>
      (state.status === "invalid" || state.status === "failed" ? state.values : before)[name],
    register: (name, rechecks) => ({
      name,
      async onChange({ target }) {
        const checks = await loadChecks();
        // The server's word was about what stood there before.
        if (errors[name]?.type === SERVER) checks?.clearError(name);
        await checks?.note("change", target);
        if (rechecks && readTyped().get(rechecks)) await checks?.check(rechecks);
      },
      onBlur: ({ target }) => afterPress(async () => (await loadChecks())?.note("blur", target)),
    }),
  };

  const formProps = {
    ref: element,
    name: loadSchema && name,
    action: dispatch,
    onSubmit: submit,
    onFocus: loadSchema && (() => void loadChecks()),
    noValidate: true, // one set of messages, ours; the attributes stay for password managers and screen readers
  };

  return { form, formProps };
}

/** Who says what is wrong, where that is the server. */
const SERVER = "server";

/** Puts the person in the first field that is wrong. */
function focusFirst(form: HTMLFormElement | null, errors: FormErrors): void {
  const inputs = form?.querySelectorAll<HTMLInputElement>("input:not([type=hidden])") ?? [];
  [...inputs].find(({ name }) => name in errors)?.focus();
}

/** True where a password that was typed has to be typed anew: it is wrong, or may be. */
function isAboutSecret(answer: ActionState): boolean {
  if (answer.status === "failed") return answer.retryAfterSeconds === undefined;
  return answer.status === "invalid" && SECRET_FIELDS.some((name) => name in answer.fieldErrors);
}

function serverErrors(state: ActionState): FormErrors {
  if (state.status !== "invalid") return {};
  return Object.fromEntries(
    Object.entries(state.fieldErrors).map(([name, message]) => [name, { type: SERVER, message }]),
  );
}
