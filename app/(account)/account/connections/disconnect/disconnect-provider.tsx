import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { disconnectPathFor } from "@/lib/shared/routes";
import { disconnectAction } from "../actions";

export function disconnectionOf({ provider, label }: { provider: string; label: string }): Confirmation {
  return {
    href: disconnectPathFor(provider),
    title: `Disconnect ${label}?`,
    text: `Your account at ${label} does not log you in here any more then.`,
  };
}

export function DisconnectForm({ provider }: { provider: string }) {
  return (
    <ButtonForm
      action={disconnectAction}
      hidden={{ provider }}
      look="danger"
      label="Disconnect it"
      busyLabel="Disconnecting…"
    />
  );
}
