import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ConfirmSection } from "@/components/confirm-section";
import { listConnections } from "@/lib/accounts/connections/own-connections";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/request";
import { DisconnectForm, disconnectionOf } from "./disconnect-provider";

export const metadata: Metadata = { title: "Disconnect a provider" };

type DisconnectPageProps = { searchParams: Promise<{ provider?: string | string[] }> };

export default async function DisconnectPage({ searchParams }: DisconnectPageProps) {
  const user = await requireUser();
  const { provider } = await searchParams;
  const connection = (await listConnections(user.id)).find((own) => own.provider === provider);
  if (!connection) {
    if (await isAnsweringForm()) return null; // it is gone, and the action says where to go
    notFound();
  }
  return (
    <ConfirmSection question={disconnectionOf(connection)} cancelTo={routes.accountConnections}>
      <DisconnectForm provider={connection.provider} />
    </ConfirmSection>
  );
}
