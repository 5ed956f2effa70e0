import type { Metadata } from "next";
import { AuthCard } from "@/components/auth-card";
import { DeadLink } from "@/components/dead-link";
import { LinkForm } from "@/components/form/link-form";
import { asksPassword } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { changeEmailAction } from "./actions";

export const metadata: Metadata = { title: "Confirm your new email" };

/** Names the account, so that people do not confirm an address for a stranger's account. */
export default async function ChangeEmailPage(props: LinkPageProps) {
  const { linkId, owner, problem } = await openLinkPage("change-email", props);
  if (problem) return <DeadLink purpose="change-email" problem={problem} />;
  const isPasswordAsked = await asksPassword(owner);
  return (
    <AuthCard
      title="Confirm your new email"
      instead={{ question: "Not your account?", href: routes.home, label: "Leave it as it is" }}
    >
      {owner && (
        <p className="wrap-anywhere mb-6 text-muted">
          From now on the account <strong className="text-ink">{owner.username}</strong> has the address{" "}
          {owner.address}.{isPasswordAsked && " Type the password of that account to confirm it."}
        </p>
      )}
      <LinkForm
        action={changeEmailAction}
        linkId={linkId}
        email={null}
        asksPassword={isPasswordAsked}
        label="Use this address"
        busyLabel="Changing…"
      />
    </AuthCard>
  );
}
