import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { TextLink } from "@/components/ui/text-link";
import { hasPassword } from "@/lib/accounts/change-password";
import { requireRecentSecondFactor } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { RequestEmailChangeForm } from "./request-email-change-form";

export const metadata: Metadata = { title: "Email" };

export default async function AccountEmailPage() {
  const user = await requireRecentSecondFactor();
  if (!features().mail) notFound();
  return (
    <AccountSection
      title="Email"
      intro={
        <>
          You log in with <strong className="text-ink">{user.email}</strong>, and we write to you there.
        </>
      }
    >
      {(await hasPassword(user.id)) ? (
        <RequestEmailChangeForm email={user.email} />
      ) : (
        <p className="mt-6 text-muted">
          To change it, <TextLink href={routes.accountPassword}>set a password</TextLink> first: a change asks
          for it.
        </p>
      )}
    </AccountSection>
  );
}
