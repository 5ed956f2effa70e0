import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { problemSentence } from "@/components/dead-link";
import { ButtonForm } from "@/components/form/button-form";
import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { currentUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { isAnsweringForm } from "@/lib/web/request";
import { resendVerificationAction, verifyEmailAction } from "./actions";
import { VerifyCodeForm } from "./verify-code-form";

export const metadata: Metadata = { title: "Confirm your email" };

/** With a link it shows a button, without one a field for the code. */
export default async function VerifyEmailPage(props: LinkPageProps) {
  if (!features().mail) notFound();
  const { linkId, isAsked, owner, problem } = await openLinkPage("verify-email", props);
  if (owner)
    return (
      <AuthCard title="Confirm your email" instead={INSTEAD}>
        <p className="wrap-anywhere mb-6 text-muted">
          The account <strong className="text-ink">{owner.username}</strong> says that {owner.email} is its
          address.
        </p>
        <ButtonForm
          action={verifyEmailAction}
          hidden={{ link: linkId }}
          label="Confirm this address"
          busyLabel="Confirming…"
        />
      </AuthCard>
    );

  const user = await currentUser();
  if (user?.isVerified && !(await isAnsweringForm()))
    return (
      <MessagePage
        title="Your email is confirmed"
        exit={<ButtonLink href={routes.account}>Your account</ButtonLink>}
      >
        There is nothing left to do.
      </MessagePage>
    );
  return (
    <AuthCard title="Confirm your email" instead={INSTEAD}>
      <p className="wrap-anywhere mb-6 text-muted">
        {isAsked && problem && `That link does not work. ${problemSentence("verify-email", problem)} `}
        {user
          ? `Follow the link in our email to ${user.email} on any device, or type its code here.`
          : "Follow the link in the email on any device, or type its code here."}
      </p>
      <VerifyCodeForm email={user?.email ?? null} />
      {user && (
        <ButtonForm
          action={resendVerificationAction}
          look="quiet"
          label="Send another email"
          busyLabel="Sending…"
          className="mt-5 border-line border-t pt-5"
        />
      )}
    </AuthCard>
  );
}

const INSTEAD = { question: "Done already?", href: routes.home, label: "Go to the home page" } as const;
