import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { RecoveryCodeList } from "@/components/two-factor/recovery-code-list";
import { ButtonLink } from "@/components/ui/button";
import { requireUser } from "@/lib/auth";
import { shownCodes } from "@/lib/auth/two-factor/carried";
import { env } from "@/lib/platform/env";
import { returnPath, routes } from "@/lib/shared/routes";

export const metadata: Metadata = { title: "Your recovery codes" };

type RecoveryCodesPageProps = { searchParams: Promise<{ callbackUrl?: string | string[] }> };

/** Shows recovery codes that were made just now. Once: whoever comes again is led to the page that makes new ones. */
export default async function RecoveryCodesPage({ searchParams }: RecoveryCodesPageProps) {
  const user = await requireUser();
  const codes = await shownCodes(user);
  const { callbackUrl } = await searchParams;
  if (!codes) redirect(routes.accountTwoFactor);
  return (
    <AccountSection
      title="Your recovery codes"
      intro="Keep them where you find them without your phone, such as on paper or in a password manager. They are shown this once. Each works once, in place of a code from your app."
    >
      <RecoveryCodeList codes={codes} siteName={env().appName} email={user.email} />
      <ButtonLink
        href={callbackUrl === undefined ? routes.accountTwoFactor : returnPath(callbackUrl)}
        className="mt-5 w-full"
      >
        I have kept them
      </ButtonLink>
    </AccountSection>
  );
}
