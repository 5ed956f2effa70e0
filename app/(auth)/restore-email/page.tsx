import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { DeadLink } from "@/components/dead-link";
import { ButtonForm } from "@/components/form/button-form";
import { routes } from "@/lib/shared/routes";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { restoreEmailAction } from "./actions";

export const metadata: Metadata = { title: "Take your address back" };

export default async function RestoreEmailPage(props: LinkPageProps) {
  const { linkId, problem } = await openLinkPage("restore-email", props);
  if (problem) return <DeadLink purpose="restore-email" problem={problem} />;
  return (
    <AuthCard
      title="Take your address back?"
      instead={{ question: "It was you after all?", href: routes.home, label: "Go to the home page" }}
    >
      <p className="mb-6 text-muted">
        Your account gets the address back that this link was sent to. Every device is logged out and the
        password stops working, at once. We then send you an email with a link to choose a new one.
      </p>
      <ButtonForm
        action={restoreEmailAction}
        hidden={{ link: linkId }}
        look="danger"
        label="Take my address back"
        busyLabel="Taking it back…"
      />
    </AuthCard>
  );
}
