import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { ProviderForms } from "@/components/connections/provider-forms";
import { PasskeyForm } from "@/components/passkeys/passkey-form";
import { TextLink } from "@/components/ui/text-link";
import { hasPassword } from "@/lib/accounts/change-password";
import { offeredProviders, ownProviders, timedProviders } from "@/lib/accounts/connections/own-connections";
import { findFirstAsked } from "@/lib/accounts/factors";
import { canShowPasskey } from "@/lib/accounts/passkeys/own-passkeys";
import { requireUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { PROOF_MS } from "@/lib/security/session-proof";
import type { OfferedProvider } from "@/lib/shared/connections";
import {
  BY_RECOVERY_CODE,
  byRecoveryCodePathFor,
  reAuthenticatePathFor,
  returnPath,
  routes,
} from "@/lib/shared/routes";
import { formatDuration } from "@/lib/shared/units";
import { listed } from "@/lib/shared/words";
import { askForProofAction, reAuthenticateByPasskeyAction, reAuthenticateByProviderAction } from "./actions";
import { ReAuthenticateForm } from "./re-authenticate-form";

export const metadata: Metadata = { title: "Confirm that it is you" };

type ReAuthenticatePageProps = {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

/**
 * Asks somebody logged in for the password, and for a second factor where the account has one, before a
 * page that wants a recent proof of who they are.
 */
export default async function ReAuthenticatePage({ searchParams }: ReAuthenticatePageProps) {
  const user = await requireUser();
  const { callbackUrl, by } = await searchParams;
  const path = returnPath(callbackUrl);
  const byPasskey = (await canShowPasskey(user.id)) && (
    <PasskeyForm
      kind="get"
      ask={askForProofAction}
      action={reAuthenticateByPasskeyAction}
      hidden={{ callbackUrl: path }}
      label="Use a passkey"
      busyLabel="Waiting for your passkey…"
      className="mt-6"
    />
  );
  if (!(await hasPassword(user.id))) {
    const providers = await ownProviders(user.id, byPasskey ? timedProviders() : offeredProviders());
    return (
      <AccountSection title="Confirm that it is you" intro={introWithoutPassword(providers, !!byPasskey)}>
        {byPasskey}
        {providers.length > 0 && (
          <ProviderForms
            providers={providers}
            action={reAuthenticateByProviderAction}
            verb="Confirm with"
            hidden={{ callbackUrl: path }}
            className="mt-6"
          />
        )}
        {features().mail && (
          <p className="mt-6">
            <TextLink href={routes.forgotPassword}>Choose a password by email</TextLink>
          </p>
        )}
      </AccountSection>
    );
  }
  const asked = await findFirstAsked(user.id);
  if (asked === "passkey")
    return (
      <AccountSection
        title="Confirm that it is you"
        intro={
          byPasskey
            ? "The next page needs your passkey."
            : "The next page needs your second factor, and your passkeys do not work here now. Ask the people who run this site."
        }
      >
        {byPasskey}
      </AccountSection>
    );
  const what = asked ? "your password and your second factor" : "your password";
  const ownPath = reAuthenticatePathFor(path);
  return (
    <AccountSection
      title="Confirm that it is you"
      intro={`The next page needs ${what}, typed within the last ${formatDuration(PROOF_MS)}.`}
    >
      <ReAuthenticateForm
        email={user.email}
        callbackUrl={path}
        secondFactor={asked ? (by === BY_RECOVERY_CODE ? "recoveryCode" : "code") : null}
        codePath={ownPath}
        recoveryCodePath={byRecoveryCodePathFor(ownPath)}
      />
      {byPasskey}
    </AccountSection>
  );
}

/** What there is to say to somebody without a password. */
function introWithoutPassword(providers: OfferedProvider[], hasPasskey: boolean): string {
  const ways = listed([hasPasskey && "your passkey", ...providers.map(({ label }) => label)], "or");
  if (ways) return `Your account has no password. Use ${ways} to go on.`;
  return features().mail
    ? "Your account has no password. Choose one by email to go on."
    : "Your account has no password. Ask the people who run this site for a link to choose one.";
}
