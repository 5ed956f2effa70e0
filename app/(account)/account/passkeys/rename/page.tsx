import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { ButtonLink } from "@/components/ui/button";
import { listPasskeys } from "@/lib/accounts/passkeys/own-passkeys";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { RenamePasskeyForm } from "./rename-passkey-form";

export const metadata: Metadata = { title: "Rename a passkey" };

type RenamePasskeyPageProps = { searchParams: Promise<{ id?: string | string[] }> };

export default async function RenamePasskeyPage({ searchParams }: RenamePasskeyPageProps) {
  const user = await requireUser();
  const { id } = await searchParams;
  const passkey = (await listPasskeys(user.id)).find((own) => own.id === id);
  if (!passkey) notFound();
  return (
    <AccountSection title="Rename a passkey" intro="A name that tells you which device or key it is on.">
      <RenamePasskeyForm id={passkey.id} name={passkey.name} />
      <ButtonLink href={routes.accountPasskeys} look="quiet" className="mt-3 w-full">
        Cancel
      </ButtonLink>
    </AccountSection>
  );
}
