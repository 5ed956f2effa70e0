import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { TextLink } from "@/components/ui/text-link";
import { hasPassword } from "@/lib/accounts/change-password";
import { requireUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { PROOF_MS } from "@/lib/security/sessions";
import { returnPath, routes } from "@/lib/shared/routes";
import { formatDuration } from "@/lib/shared/units";
import { ReAuthenticateForm } from "./re-authenticate-form";

export const metadata: Metadata = { title: "Confirm that it is you" };

type ReAuthenticatePageProps = { searchParams: Promise<{ callbackUrl?: string | string[] }> };

/** Asks somebody logged in for the password, before a page that wants a recent proof of who they are. */
export default async function ReAuthenticatePage({ searchParams }: ReAuthenticatePageProps) {
  const user = await requireUser();
  const { callbackUrl } = await searchParams;
  if (!(await hasPassword(user.id)))
    return (
      <AccountSection
        title="Confirm that it is you"
        intro="Your account has no password. Log out and log in again to go on."
      >
        {features().mail && (
          <p className="mt-6">
            <TextLink href={routes.forgotPassword}>Choose a password by email</TextLink>
          </p>
        )}
      </AccountSection>
    );
  return (
    <AccountSection
      title="Confirm that it is you"
      intro={`The next page needs your password, typed within the last ${formatDuration(PROOF_MS)}.`}
    >
      <ReAuthenticateForm email={user.email} callbackUrl={returnPath(callbackUrl)} />
    </AccountSection>
  );
}
