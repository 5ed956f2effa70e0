import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { requireUser } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { PASSWORD_MAX_BYTES } from "@/lib/shared/schemas";
import { ChangePasswordForm } from "./change-password-form";

export const metadata: Metadata = { title: "Password" };

export default async function AccountPasswordPage() {
  const user = await requireUser();
  const { passwordMinLength, appName } = env();
  return (
    <AccountSection
      title="Password"
      intro="A new password logs every other device out. This one stays logged in."
    >
      <ChangePasswordForm
        email={user.email}
        rules={{ passwordMinLength, passwordMaxBytes: PASSWORD_MAX_BYTES, appName }}
      />
    </AccountSection>
  );
}
