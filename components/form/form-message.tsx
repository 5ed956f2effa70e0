import { useEffect, useRef, useState } from "react";
import { Alert } from "@/components/ui/alert";
import { WaysOut } from "@/components/ways-out";
import type { ActionForm } from "./use-action-form";

/** What went wrong with the form as a whole. Announced each time, the same sentence twice running included. */
export function FormMessage({ form: { state, isStateOutdated } }: { form: ActionForm<never> }) {
  const box = useRef<HTMLDivElement>(null);
  const [answer, setAnswer] = useState({ state, count: 0 });
  if (answer.state !== state) setAnswer({ state, count: answer.count + 1 });

  useEffect(() => {
    // The button pressed may be a screen further down.
    if (answer.state.status === "failed") box.current?.scrollIntoView({ block: "nearest" });
  }, [answer]);

  if (state.status !== "failed" || isStateOutdated) return null;
  return (
    // Without a script nothing is announced on a new page, so there the browser starts reading here.
    <Alert kind="danger" key={answer.count} ref={box} tabIndex={-1} autoFocus className="scroll-mt-4">
      {state.message}
      <WaysOut ways={state.waysOut} />
    </Alert>
  );
}
