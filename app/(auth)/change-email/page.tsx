import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { ButtonForm } from "@/components/form/button-form";
import { SpentLink } from "@/components/spent-link";
import { findMailToken } from "@/lib/security/link-tokens";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/action";
import { openedLink } from "@/lib/web/link-cookie";
import { changeEmailAction } from "./actions";

export const metadata: Metadata = { title: "Confirm your new email" };

/** Looking changes nothing (ASVS v5.0.0-3.5.3). It names the account, so that nobody confirms a stranger's. */
export default async function ChangeEmailPage() {
  const owner = await findMailToken("change-email", await openedLink(routes.changeEmail));
  if (!owner && !(await isAnsweringForm()))
    return (
      <SpentLink>
        It was used already, a newer one has taken its place, or it is more than 2 hours old.
      </SpentLink>
    );
  return (
    <AuthCard
      title="Confirm your new email"
      instead={{ question: "Not your account?", href: routes.home, label: "Leave it as it is" }}
    >
      {owner && (
        <p className="wrap-anywhere mb-6 text-muted">
          From now on the account <strong className="text-ink">{owner.username}</strong> has the address{" "}
          {owner.address}.
        </p>
      )}
      <ButtonForm action={changeEmailAction} label="Use this address" busyLabel="Changing…" />
    </AuthCard>
  );
}
