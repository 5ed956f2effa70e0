import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { ButtonForm } from "@/components/form/button-form";
import { SpentLink } from "@/components/spent-link";
import { findMailToken } from "@/lib/security/link-tokens";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/action";
import { openedLink } from "@/lib/web/link-cookie";
import { lockAccountAction } from "./actions";

export const metadata: Metadata = { title: "Lock your account" };

/** Looking changes nothing: a scanner that opens every link locks nobody out (ASVS v5.0.0-3.5.3). */
export default async function LockAccountPage() {
  const works =
    (await isAnsweringForm()) || (await findMailToken("lock-account", await openedLink(routes.lockAccount)));
  if (!works) return <SpentLink>It was used already, or it is more than 7 days old.</SpentLink>;
  return (
    <AuthCard
      title="That was not you?"
      instead={{ question: "It was you after all?", href: routes.home, label: "Go to the home page" }}
    >
      <p className="mb-6 text-muted">
        Lock your account: every device is logged out and the password stops working, at once. We then send
        you a letter with a link to choose a new one.
      </p>
      <ButtonForm action={lockAccountAction} look="danger" label="Lock my account" busyLabel="Locking…" />
    </AuthCard>
  );
}
