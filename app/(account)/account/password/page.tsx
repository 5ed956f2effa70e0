import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { hasPassword } from "@/lib/accounts/change-password";
import { requireRecentProof, requireUser } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { PASSWORD_MAX_BYTES } from "@/lib/shared/schemas";
import { ChangePasswordForm } from "./change-password-form";

export const metadata: Metadata = { title: "Password" };

export default async function AccountPasswordPage() {
  const user = await requireUser();
  const asksCurrent = await hasPassword(user.id);
  if (!asksCurrent) await requireRecentProof(); // there is no password to ask for in the act
  const { passwordMinLength, appName } = env();
  return (
    <AccountSection
      title="Password"
      intro="A new password logs every other device out. This one stays logged in."
    >
      <ChangePasswordForm
        email={user.email}
        asksCurrent={asksCurrent}
        rules={{ passwordMinLength, passwordMaxBytes: PASSWORD_MAX_BYTES, appName }}
      />
    </AccountSection>
  );
}
