import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { AuthenticatorKey } from "@/components/two-factor/authenticator-key";
import { SetUpForm } from "@/components/two-factor/set-up-form";
import { ButtonLink } from "@/components/ui/button";
import { requireRecentProof } from "@/lib/auth";
import { currentSetUp } from "@/lib/auth/two-factor/carried";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/request";
import { setUpAuthenticatorAction } from "../actions";

export const metadata: Metadata = { title: "Set up an authenticator app" };

/**
 * Shows the secret of an app that is being set up, to somebody whose proof of who they are is
 * recent, and takes its first code.
 */
export default async function SetUpAuthenticatorPage() {
  const { user } = await requireRecentProof();
  if (!features().twoFactor) notFound();
  const setUp = await currentSetUp(user);
  if (!setUp) {
    if (await isAnsweringForm()) return null; // the action says where to go
    redirect(routes.accountTwoFactor);
  }
  return (
    <AccountSection
      title="Set up an authenticator app"
      intro="First tell the app the key of your account, then type the code that it shows."
    >
      <AuthenticatorKey {...setUp} />
      <SetUpForm action={setUpAuthenticatorAction} label="Turn on" />
      <ButtonLink href={routes.accountTwoFactor} look="quiet" className="mt-3 w-full">
        Cancel
      </ButtonLink>
    </AccountSection>
  );
}
