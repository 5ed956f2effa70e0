import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { ButtonForm } from "@/components/form/button-form";
import { SpentLink } from "@/components/spent-link";
import { findMailToken } from "@/lib/security/link-tokens";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/action";
import { openedLink } from "@/lib/web/link-cookie";
import { restoreEmailAction } from "./actions";

export const metadata: Metadata = { title: "Take your address back" };

/** Looking changes nothing (ASVS v5.0.0-3.5.3). */
export default async function RestoreEmailPage() {
  const works =
    (await isAnsweringForm()) ||
    (await findMailToken("restore-email", await openedLink(routes.restoreEmail)));
  if (!works) return <SpentLink>It was used already, or it is more than 7 days old.</SpentLink>;
  return (
    <AuthCard
      title="Take your address back?"
      instead={{ question: "It was you after all?", href: routes.home, label: "Go to the home page" }}
    >
      <p className="mb-6 text-muted">
        Your account gets the address back that this link was sent to. Every device is logged out and the
        password stops working, at once. We then send you a letter with a link to choose a new one.
      </p>
      <ButtonForm
        action={restoreEmailAction}
        look="danger"
        label="Take my address back"
        busyLabel="Taking it back…"
      />
    </AuthCard>
  );
}
