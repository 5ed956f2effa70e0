"use client";

import { type FormEvent, startTransition } from "react";
import { Form } from "@/components/form/form";
import { BusyStatus } from "@/components/form/submit-button";
import { type FormAction, useServerAction } from "@/components/form/use-server-action";
import { Alert } from "@/components/ui/alert";
import { routes } from "@/lib/shared/routes";

/**
 * Logs out by a POST, with or without a script. It goes to a page for everyone: a private one would send a browser whose
 * session has just ended to the login, as after a second press.
 */
export function LogoutButton({ action, className }: { action: FormAction; className: string }) {
  const { state, dispatch, isBusy } = useServerAction(action, { page: routes.home });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (!isBusy) startTransition(() => dispatch(form));
  }

  return (
    <Form action={dispatch} onSubmit={submit}>
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
    </Form>
  );
}
