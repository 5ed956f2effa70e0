import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { disconnectPathFor } from "@/lib/shared/routes";
import { disconnectAction } from "../actions";

type Disconnected = { provider: string; label: string; isUsable: boolean };

export function disconnectionOf({ provider, label, isUsable }: Disconnected): Confirmation {
  return {
    href: disconnectPathFor(provider),
    title: `Disconnect ${label}?`,
    text: isUsable
      ? `Your account at ${label} does not log you in here any more then.`
      : "It logs nobody in here now. If that may be a mistake of this site, ask the people who run it first: what is disconnected stays so.",
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
