"use server";

import { notFound } from "next/navigation";
import { disconnect } from "@/lib/accounts/connections/own-connections";
import { runProvenAction } from "@/lib/auth";
import { beginJourney } from "@/lib/auth/providers/begin";
import { features } from "@/lib/platform/env";
import { type ActionState, failed } from "@/lib/shared/action-state";
import { disconnectSchema } from "@/lib/shared/connection-schemas";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { notProvenPathFor, routes } from "@/lib/shared/routes";
import { goTo, throttled } from "@/lib/web/action";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/**
 * Leads to a provider, to connect the account with whoever logs in there: for somebody whose proof of who they are is recent, in
 * this session alone (ASVS v5.0.0-7.5.1).
 */
export async function connectAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction(
    "connect",
    form,
    async (fields, _user, { id: sessionId, isRemembered }) => {
      if (!features().connections) notFound();
      const path = routes.accountConnections;
      return beginJourney(fields.provider, { purpose: "connect", path, isRemembered, sessionId }, form);
    },
    { isDoneAgain: true },
  );
}

export async function disconnectAction(_: ActionState, form: FormData): Promise<ActionState> {
  return runProvenAction("disconnect", form, async (fields, _user, session) => {
    const input = disconnectSchema.safeParse(fields);
    if (!input.success) return backToList("connection-gone");
    const outcome = await disconnect(session, input.data.provider, await clientInfo());
    if (!outcome.ok)
      switch (outcome.reason) {
        case "last-way-in":
          return failed("This is the only way into your account. Set a password first.", form, {
            href: routes.accountPassword,
            label: "Set a password",
          });
        case "session-over":
        case "proof-needed":
          return goTo(notProvenPathFor(outcome.reason, routes.accountConnections));
        case "throttled":
          return throttled(outcome, form);
      }
    return backToList(outcome.hadIt ? "is-disconnected" : "connection-gone");
  });
}

async function backToList(said: FlashKey): Promise<ActionState> {
  await flash(said);
  return goTo(routes.accountConnections);
}
