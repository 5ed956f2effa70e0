import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { hasPassword } from "@/lib/accounts/change-password";
import { requireRecentProof, requireRecentSecondFactor } from "@/lib/auth";
import { newPasswordRules } from "@/lib/auth/new-password";
import { ChangePasswordForm } from "./change-password-form";

export const metadata: Metadata = { title: "Password" };

export default async function AccountPasswordPage() {
  const user = await requireRecentSecondFactor();
  const asksCurrent = await hasPassword(user.id);
  if (!asksCurrent) await requireRecentProof(); // there is no password to ask for in the act
  return (
    <AccountSection
      title="Password"
      intro="A new password logs every other device out. This one stays logged in."
    >
      <ChangePasswordForm email={user.email} asksCurrent={asksCurrent} rules={newPasswordRules()} />
    </AccountSection>
  );
}
