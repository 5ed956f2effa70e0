import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { hasPassword } from "@/lib/accounts/change-password";
import { isUntouched } from "@/lib/accounts/correct-email";
import { currentVouched } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { PASSWORD_ENDS_CONNECTIONS } from "@/lib/shared/connections";
import { routes } from "@/lib/shared/routes";
import { CorrectEmailForm } from "./correct-email-form";

export const metadata: Metadata = { title: "Correct your email" };

/** Only where a login needs a confirmed address: elsewhere a person who has mistyped it logs in and changes it. */
export default async function CorrectEmailPage() {
  if (!env().requireVerifiedEmail) notFound();
  const known = await currentVouched();
  const vouched = known && (await isUntouched(known.id)) ? known : null; // else the password is asked for
  const usedWithoutPassword = known && !vouched && !(await hasPassword(known.id)) ? known : null;
  return (
    <AuthCard
      title="Correct your email"
      instead={{ question: "The address is right?", href: routes.verifyEmail, label: "Confirm it" }}
    >
      {usedWithoutPassword && (
        <p className="wrap-anywhere mb-6 text-muted">
          <strong className="text-ink">{usedWithoutPassword.username}</strong> has been used, so its address
          is corrected with its password, and it has none. If that is your account, ask the people who run
          this site for a link to choose one. {PASSWORD_ENDS_CONNECTIONS}
        </p>
      )}
      <p className="wrap-anywhere mb-6 text-muted">
        You registered with{" "}
        {vouched ? `${vouched.email}, which is not yours` : "an address that is not yours"}? Until it is
        confirmed, you can give your account the right one.
      </p>
      <CorrectEmailForm isVouched={vouched !== null} />
    </AuthCard>
  );
}
