import { type ComponentProps, type FormEvent, startTransition, useMemo, useRef, useState } from "react";
import { type FieldErrors, type Resolver, useForm } from "react-hook-form";
import type { z } from "zod";
import type { ActionState, WayOut } from "@/lib/shared/action-state";
import type { PROOF_FIELD } from "@/lib/shared/page-fields";
import { SECRET_FIELDS } from "@/lib/shared/secret-fields";
import { afterPress } from "./after-press";
import { usePage } from "./page-context";
import { useTypedBefore } from "./typed-before";
import { useHydrated } from "./use-hydrated";
import { type FormAction, useServerAction } from "./use-server-action";

/** A field's own input, as the browser and the server both read it. */
type Values = Record<string, unknown>;
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
  register: (
    name: Name,
    rechecks?: Name,
  ) => Pick<ComponentProps<"input">, "name" | "ref" | "onChange" | "onBlur">;
};

const SECRETS = "input[autocomplete$=-password]";

/**
 * The one place where react-hook-form meets the server: instant feedback over a form that works without it.
 *
 * The document is the only truth about what was typed. Nothing is kept in state, so what was typed, pasted or filled in
 * before the script ran is neither lost nor overwritten, and schema and server judge the very same `FormData`.
 *
 * @param action the server action, carried by the form itself: without a script a press is a plain POST
 * @param loadSchema imports the schema the action uses; called when the form first takes focus, so that zod is no
 *   part of the page's own script. Where it cannot be loaded the server judges alone. None for a form without fields
 * @param name tells it from other forms of its page that have fields of the same names, where what was typed is given back
 *   after a login
 */
export function useActionForm<Name extends string>(
  action: FormAction,
  loadSchema?: () => Promise<FormSchema<Name>>,
  name = "",
) {
  const element = useRef<HTMLFormElement>(null);
  const isUnderWay = useRef(false);
  const isHydrated = useHydrated();
  const { noteAnswer } = usePage();
  const [outdated, setOutdated] = useState<ActionState>();
  const before = useTypedBefore(name);

  const { state, dispatch, isBusy } = useServerAction(action, {
    onRefused(answer, sent) {
      if (!isAboutSecret(answer)) return;
      for (const secret of element.current?.querySelectorAll<HTMLInputElement>(SECRETS) ?? [])
        if (secret.value === sent.get(secret.name)) setValue(secret.name, ""); // else typed while the server worked
    },
  });

  const resolver: Resolver<Values> = async (_values, context, options) => {
    const typed: Values = Object.fromEntries(new FormData(element.current ?? undefined));
    const judges = loadSchema && (await loadJudges(loadSchema).catch(() => null));
    if (!judges) return { values: typed, errors: {} };
    return judges.zodResolver(judges.schema, undefined, { raw: true })(typed, context, options);
  };

  const [firstState] = useState(state);
  const errors = useMemo(() => serverErrors(state), [state]);
  const { register, handleSubmit, setValue, getValues, clearErrors, trigger, formState } = useForm<Values>({
    mode: "onTouched",
    reValidateMode: "onChange",
    resolver,
    errors,
    // Not while taking over: the visitor may have moved on from the field the server's own page had put them in.
    shouldFocusError: isHydrated,
  });

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isBusy || isUnderWay.current) return;
    isUnderWay.current = true;
    const send = () => startTransition(() => dispatch(new FormData(element.current ?? undefined)));
    const refuse = () => {
      setOutdated(state);
      noteAnswer();
    };
    await handleSubmit(
      send,
      refuse,
    )(event).finally(() => {
      isUnderWay.current = false;
    });
  }

  const form: ActionForm<Name | typeof PROOF_FIELD> = {
    state,
    isStateOutdated: state === outdated,
    isBusy: isBusy || formState.isSubmitting,
    errorOf: (name) => formState.errors[name]?.message,
    waysOutOf: (name) =>
      state.status === "invalid" && formState.errors[name]?.type === "server"
        ? (state.waysOut[name] ?? [])
        : [],
    isRedrawn: state === firstState && state.status !== "idle",
    typedIn: (name) =>
      (state.status === "invalid" || state.status === "failed" ? state.values : before)[name],
    register(name, rechecks) {
      const field = register(name, {
        onChange() {
          // The server's word was about what stood there before.
          if (formState.errors[name]?.type === "server") clearErrors(name);
          if (rechecks && getValues(rechecks)) void trigger(rechecks);
        },
      });
      return { ...field, onBlur: (event) => afterPress(() => void field.onBlur(event)) };
    },
  };

  const formProps = {
    ref: element,
    name: loadSchema && name,
    action: dispatch,
    onSubmit: submit,
    onFocus: loadSchema && (() => void loadJudges(loadSchema).catch(() => null)),
    noValidate: true, // one set of messages, ours; the attributes stay for password managers and screen readers
  };

  return { form, formProps };
}

/** Not kept when it fails: the next try may have a connection. What has been loaded, the browser keeps. */
async function loadJudges(loadSchema: () => Promise<FormSchema<never>>) {
  const [schema, { zodResolver }] = await Promise.all([loadSchema(), import("@hookform/resolvers/zod")]);
  return { schema, zodResolver };
}

/** True where a password that was typed has to be typed anew: it is wrong, or may be. */
function isAboutSecret(answer: ActionState): boolean {
  if (answer.status === "failed") return answer.retryAfterSeconds === undefined;
  return answer.status === "invalid" && SECRET_FIELDS.some((name) => name in answer.fieldErrors);
}

function serverErrors(state: ActionState): FieldErrors<Values> | undefined {
  if (state.status !== "invalid") return undefined;
  return Object.fromEntries(
    Object.entries(state.fieldErrors).map(([name, message]) => [name, { type: "server", message }]),
  );
}
