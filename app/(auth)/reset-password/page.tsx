import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { NoticePage } from "@/components/notice-page";
import { ButtonLink } from "@/components/ui/button";
import { isAnsweringForm } from "@/lib/auth/action";
import { openedLink } from "@/lib/auth/link";
import { env } from "@/lib/env";
import { canSendMail } from "@/lib/mail/outbox";
import { findMailToken } from "@/lib/mail-token";
import { routes } from "@/lib/routes";
import { PASSWORD_MAX_BYTES } from "@/lib/schemas";
import { ResetPasswordForm } from "./reset-password-form";

export const metadata: Metadata = { title: "Choose a new password" };

/** Looking changes nothing: the link is spent by the form (ASVS v5.0.0-3.5.3). */
export default async function ResetPasswordPage() {
  const works = (await isAnsweringForm()) || (await findMailToken("reset-password", await openedLink()));
  if (!works) return <SpentLink />;
  return (
    <AuthCard
      title="Choose a new password"
      instead={{ question: "Remembered the old one?", href: routes.login, label: "Log in" }}
    >
      <ResetPasswordForm
        limits={{ passwordMin: env().passwordMinLength, passwordMaxBytes: PASSWORD_MAX_BYTES }}
      />
    </AuthCard>
  );
}

function SpentLink() {
  return (
    <NoticePage
      title="This link does not work"
      exit={
        canSendMail() ? (
          <ButtonLink href={routes.forgotPassword}>Ask for a new one</ButtonLink>
        ) : (
          <ButtonLink href={routes.login}>Go to the login page</ButtonLink>
        )
      }
    >
      It was used already, a newer one has taken its place, or it is more than 30 minutes old.
    </NoticePage>
  );
}
