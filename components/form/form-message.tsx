import { useEffect, useRef, useState } from "react";
import { Alert } from "@/components/ui/alert";
import { WaysOut } from "@/components/ways-out";
import { PROOF_FIELD } from "@/lib/shared/page-fields";
import { waitSentence } from "@/lib/shared/wait";
import { Countdown } from "./countdown";
import { PasswordField } from "./password-field";
import type { ActionForm } from "./use-action-form";
import { useHydrated } from "./use-hydrated";

/** Longest wait that is counted down, in seconds: nobody watches for longer. */
const COUNTED_MAX_S = 600;

/**
 * What went wrong with the form as a whole. Announced each time, the same sentence twice running included. Where its action
 * wants a recent proof of who sends it, the field for that: what was typed stays beside it.
 */
export function FormMessage({ form }: { form: ActionForm<typeof PROOF_FIELD> }) {
  const { state, isStateOutdated } = form;
  const isHydrated = useHydrated();
  const box = useRef<HTMLDivElement>(null);
  const [answer, setAnswer] = useState({ state, count: 0 });
  if (answer.state !== state) setAnswer({ state, count: answer.count + 1 });

  useEffect(() => {
    // The button pressed may be a screen further down.
    if (answer.state.status === "failed") box.current?.scrollIntoView({ block: "nearest" });
  }, [answer]);

  if (state.status === "invalid" && PROOF_FIELD in state.fieldErrors)
    return (
      <PasswordField form={form} name={PROOF_FIELD} label="Your password" autoComplete="current-password" />
    );
  if (state.status !== "failed" || isStateOutdated) return null;
  const { message, waysOut, retryAfterSeconds: wait = Number.POSITIVE_INFINITY } = state;
  const [before, after] = isHydrated && wait <= COUNTED_MAX_S ? message.split(waitSentence(wait)) : [];
  return (
    // Without a script nothing is announced on a new page, so there the browser starts reading here.
    <Alert kind="danger" key={answer.count} ref={box} tabIndex={-1} autoFocus className="scroll-mt-4">
      {after === undefined ? (
        <span>{message}</span>
      ) : (
        <>
          <span>{before}</span>
          <Countdown seconds={wait} />
          <span>{after}</span>
        </>
      )}
      <WaysOut ways={waysOut} />
    </Alert>
  );
}
