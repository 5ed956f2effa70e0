import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { requireRecentSecondFactor } from "@/lib/auth";
import { features } from "@/lib/platform/env";
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
      <RequestEmailChangeForm email={user.email} />
    </AccountSection>
  );
}
