"use client";

import { type FormEvent, startTransition } from "react";
import { BusyStatus } from "@/components/form/submit-button";
import { type FormAction, useServerAction } from "@/components/form/use-server-action";
import { Alert } from "@/components/ui/alert";

/** Logs out by a POST, with or without a script. */
export function LogoutButton({ action, className }: { action: FormAction; className: string }) {
  const { state, dispatch, isBusy } = useServerAction(action);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!isBusy) startTransition(() => dispatch(form));
  }

  return (
    <form action={dispatch} onSubmit={submit}>
      <button
        type="submit"
        aria-disabled={isBusy || undefined}
        className={`cursor-pointer aria-disabled:cursor-progress aria-disabled:text-muted ${className}`}
      >
        {isBusy ? "Logging out…" : "Log out"}
      </button>
      <BusyStatus>{isBusy && "Logging out…"}</BusyStatus>
      {state.status === "failed" && (
        <Alert kind="danger" className="absolute top-full right-4 z-10 mt-2 max-w-card shadow-card">
          {state.message}
        </Alert>
      )}
    </form>
  );
}
