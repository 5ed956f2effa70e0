import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { SpentLink } from "@/components/spent-link";
import { env } from "@/lib/platform/env";
import { findMailToken } from "@/lib/security/link-tokens";
import { routes } from "@/lib/shared/routes";
import { PASSWORD_MAX_BYTES } from "@/lib/shared/schemas";
import { isAnsweringForm } from "@/lib/web/action";
import { openedLink } from "@/lib/web/link-cookie";
import { ResetPasswordForm } from "./reset-password-form";

export const metadata: Metadata = { title: "Choose a new password" };

/** Looking changes nothing: the link is spent by the form (ASVS v5.0.0-3.5.3). */
export default async function ResetPasswordPage() {
  const owner = await findMailToken("reset-password", await openedLink(routes.resetPassword));
  if (!owner && !(await isAnsweringForm()))
    return (
      <SpentLink>
        It was used already, a newer one has taken its place, or it is more than 30 minutes old.
      </SpentLink>
    );
  return (
    <AuthCard
      title="Choose a new password"
      instead={{ question: "Remembered the old one?", href: routes.login, label: "Log in" }}
    >
      <ResetPasswordForm
        email={owner?.email ?? null}
        limits={{ passwordMin: env().passwordMinLength, passwordMaxBytes: PASSWORD_MAX_BYTES }}
      />
    </AuthCard>
  );
}
