import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ConfirmSection } from "@/components/confirm-section";
import { listPasskeys } from "@/lib/accounts/passkeys/own-passkeys";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/request";
import { RemovePasskeyForm, removalOf } from "./remove-passkey";

export const metadata: Metadata = { title: "Remove a passkey" };

type RemovePasskeyPageProps = { searchParams: Promise<{ id?: string | string[] }> };

export default async function RemovePasskeyPage({ searchParams }: RemovePasskeyPageProps) {
  const user = await requireUser();
  const { id } = await searchParams;
  const passkey = (await listPasskeys(user.id)).find((own) => own.id === id);
  if (!passkey) {
    if (await isAnsweringForm()) return null; // it is removed, and the action says where to go
    notFound();
  }
  return (
    <ConfirmSection question={removalOf(passkey)} cancelTo={routes.accountPasskeys}>
      <RemovePasskeyForm id={passkey.id} />
    </ConfirmSection>
  );
}
