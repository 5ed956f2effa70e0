import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { ButtonForm } from "@/components/form/button-form";
import { NoticePage } from "@/components/notice-page";
import { ButtonLink } from "@/components/ui/button";
import { currentUser } from "@/lib/auth/guards";
import { features } from "@/lib/platform/env";
import { findMailToken } from "@/lib/security/link-tokens";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/action";
import { openedLink } from "@/lib/web/link-cookie";
import { resendVerificationAction, verifyEmailAction } from "./actions";
import { VerifyCodeForm } from "./verify-code-form";

export const metadata: Metadata = { title: "Confirm your email" };

/** Behind a link a button, since looking changes nothing (ASVS v5.0.0-3.5.3); without one the way by code. */
export default async function VerifyEmailPage() {
  if (!features().mail) notFound();
  const link = await openedLink(routes.verifyEmail);
  const owner = await findMailToken("verify-email", link);
  if (owner)
    return (
      <AuthCard title="Confirm your email" instead={WRONG_PLACE}>
        <p className="wrap-anywhere mb-6 text-muted">
          The account <strong className="text-ink">{owner.username}</strong> says that {owner.email} is its
          address.
        </p>
        <ButtonForm action={verifyEmailAction} label="Confirm this address" busyLabel="Confirming…" />
      </AuthCard>
    );

  const user = await currentUser();
  if (user?.isVerified && !(await isAnsweringForm()))
    return (
      <NoticePage
        title="Your email is confirmed"
        exit={<ButtonLink href={routes.account}>Your account</ButtonLink>}
      >
        There is nothing left to do.
      </NoticePage>
    );
  return (
    <AuthCard title="Confirm your email" instead={WRONG_PLACE}>
      <p className="wrap-anywhere mb-6 text-muted">
        {link && "That link does not work: it was used already, or it is more than a day old. "}
        {user
          ? `Follow the link in our letter to ${user.email} on any device, or type its code here.`
          : "Follow the link in the letter on any device, or type its code here."}
      </p>
      <VerifyCodeForm email={user?.email ?? null} />
      {user && (
        <ButtonForm
          action={resendVerificationAction}
          look="quiet"
          label="Send another letter"
          busyLabel="Sending…"
          className="mt-5 border-line border-t pt-5"
        />
      )}
    </AuthCard>
  );
}

const WRONG_PLACE = { question: "Done already?", href: routes.home, label: "Go to the home page" } as const;
