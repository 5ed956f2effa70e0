import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { ConfirmButton } from "@/components/confirm-button";
import { ProviderForms } from "@/components/connections/provider-forms";
import { Item, ItemFact, ItemList } from "@/components/ui/item-list";
import { Moment } from "@/components/ui/moment";
import {
  listConnections,
  providersToConnect,
  type ShownConnection,
} from "@/lib/accounts/connections/own-connections";
import { requireUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { connectAction } from "./actions";
import { DisconnectForm, disconnectionOf } from "./disconnect/disconnect-provider";

export const metadata: Metadata = { title: "Connections" };

/**
 * The providers that the account of who is logged in is connected with. It shows no secret, so a
 * login is enough to look at it.
 */
export default async function ConnectionsPage() {
  const user = await requireUser();
  const connections = await listConnections(user.id);
  if (!features().connections && connections.length === 0) notFound();
  const others = providersToConnect(connections);
  return (
    <AccountSection
      title="Connections"
      intro="An account elsewhere that is connected with yours logs you in here. Whoever can log in there can log in here."
    >
      {connections.length > 0 && (
        <ItemList>
          {connections.map((connection) => (
            <ConnectionItem key={connection.provider} connection={connection} />
          ))}
        </ItemList>
      )}
      {others.length > 0 && (
        <ProviderForms providers={others} action={connectAction} verb="Connect" className="mt-6" />
      )}
    </AccountSection>
  );
}

function ConnectionItem({ connection }: { connection: ShownConnection }) {
  const { provider, label, name, createdAt, isUsable } = connection;
  return (
    <Item
      id={`connection-${provider}`}
      title={label}
      action={
        <ConfirmButton {...disconnectionOf(connection)} label="Disconnect">
          <DisconnectForm provider={provider} />
        </ConfirmButton>
      }
    >
      {name !== null && (
        <ItemFact>
          There you are <span className="wrap-anywhere">{name}</span>
        </ItemFact>
      )}
      <ItemFact>
        Connected <Moment at={createdAt} isAgo />
      </ItemFact>
      {!isUsable && <ItemFact>This site does not log in with it any more</ItemFact>}
    </Item>
  );
}
