import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { DeadLink } from "@/components/dead-link";
import { NewPasswordForm } from "@/components/form/new-password-form";
import { env } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { PASSWORD_MAX_BYTES } from "@/lib/shared/schemas";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { resetPasswordAction } from "./actions";

export const metadata: Metadata = { title: "Choose a new password" };

export default async function ResetPasswordPage(props: LinkPageProps) {
  const { linkId, owner, problem } = await openLinkPage("reset-password", props);
  if (problem) return <DeadLink purpose="reset-password" problem={problem} />;
  const { passwordMinLength, appName } = env();
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
        rules={{ passwordMinLength, passwordMaxBytes: PASSWORD_MAX_BYTES, appName }}
      />
    </AuthCard>
  );
}
