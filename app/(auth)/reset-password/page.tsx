import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { DeadLink } from "@/components/dead-link";
import { NewPasswordForm } from "@/components/form/new-password-form";
import { newPasswordRules } from "@/lib/auth/new-password";
import { routes } from "@/lib/shared/routes";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { resetPasswordAction } from "./actions";

export const metadata: Metadata = { title: "Choose a new password" };

export default async function ResetPasswordPage(props: LinkPageProps) {
  const { linkId, owner, problem } = await openLinkPage("reset-password", props);
  if (problem) return <DeadLink purpose="reset-password" problem={problem} />;
  return (
    <AuthCard
      title="Choose a new password"
      instead={{ question: "Remembered the old one?", href: routes.login, label: "Log in" }}
    >
      <NewPasswordForm
        action={resetPasswordAction}
        label="Change password"
        linkId={linkId}
        email={owner?.email ?? null}
        rules={newPasswordRules()}
      />
    </AuthCard>
  );
}
