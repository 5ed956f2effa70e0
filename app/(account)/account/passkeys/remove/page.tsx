import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { ButtonLink } from "@/components/ui/button";
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
  const { title, text } = removalOf(passkey);
  return (
    <AccountSection title={title} intro={text}>
      <div className="mt-6 grid gap-3">
        <RemovePasskeyForm id={passkey.id} />
        <ButtonLink href={routes.accountPasskeys} look="quiet">
          Cancel
        </ButtonLink>
      </div>
    </AccountSection>
  );
}
