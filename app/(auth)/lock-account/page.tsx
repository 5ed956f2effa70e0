import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { DeadLink } from "@/components/dead-link";
import { ButtonForm } from "@/components/form/button-form";
import { routes } from "@/lib/shared/routes";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { lockAccountAction } from "./actions";

export const metadata: Metadata = { title: "Lock your account" };

export default async function LockAccountPage(props: LinkPageProps) {
  const { linkId, owner, problem } = await openLinkPage("lock-account", props);
  if (problem) return <DeadLink purpose="lock-account" problem={problem} />;
  return (
    <AuthCard
      title="That was not you?"
      instead={{ question: "It was you after all?", href: routes.home, label: "Go to the home page" }}
    >
      <p className="wrap-anywhere mb-6 text-muted">
        {owner?.address
          ? `The account has another email address since. Lock it: it gets ${owner.address} back, every device is logged out and the password stops working, at once.`
          : "Lock your account: every device is logged out and the password stops working, at once."}{" "}
        We then send you an email with a link to choose a new one.
      </p>
      <ButtonForm
        action={lockAccountAction}
        hidden={{ link: linkId }}
        look="danger"
        label="Lock my account"
        busyLabel="Locking…"
      />
    </AuthCard>
  );
}
