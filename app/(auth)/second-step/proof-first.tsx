import { ProviderForms } from "@/components/connections/provider-forms";
import { ButtonForm } from "@/components/form/button-form";
import { ButtonLink } from "@/components/ui/button";
import { hasPassword } from "@/lib/accounts/change-password";
import { ownProviders, timedProviders } from "@/lib/accounts/connections/own-connections";
import { findVouched } from "@/lib/accounts/login/prove-provider";
import { currentUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { PROOF_MS } from "@/lib/security/session-proof";
import type { PendingLogin } from "@/lib/security/two-factor/pending-logins";
import { PASSWORD_ENDS_CONNECTIONS } from "@/lib/shared/connections";
import { loginPathFor, routes } from "@/lib/shared/routes";
import { formatDuration } from "@/lib/shared/units";
import { confirmAddressAction, proveAnewAction } from "./actions";

type ProofFirstProps = { pending: PendingLogin; callbackUrl: string };

/**
 * Asks somebody for a proof of who they are before they may set up a second factor, because a provider has let them in by one
 * that was not given of late: by a provider that can ask anew, by the password, or by one chosen by email. Where the
 * address was never confirmed, that would end the connection: there it is confirmed instead. Where none of it helps, the
 * people who run the site do.
 */
export async function ProofFirst({ pending: { user, connection }, callbackUrl }: ProofFirstProps) {
  const [providers, isWithPassword, unconfirmed, loggedIn] = await Promise.all([
    ownProviders(user.id, timedProviders()),
    hasPassword(user.id),
    connection && findVouched({ id: user.id, connection }),
    currentUser(),
  ]);
  const other = loggedIn !== null && loggedIn.id !== user.id ? loggedIn : null; // whose pages the others would be
  const isByPassword = isWithPassword && !other;
  const isByConfirming = features().mail && unconfirmed !== null && !other;
  const isByEmail = !isWithPassword && features().mail && !isByConfirming && !other;
  const ways = [
    ...(providers.length > 0 ? ["confirm there that it is you"] : []),
    ...(isByPassword ? ["log in with your password"] : []),
    ...(isByConfirming ? ["confirm your email address, which nobody has confirmed yet"] : []),
    ...(isByEmail ? ["choose a password by email and log in with it"] : []),
    ...(other ? [`log out in this browser, where ${other.username} is logged in, and begin again`] : []),
  ].join(", or ");
  return (
    <>
      <p className="wrap-anywhere text-muted">
        This site wants a second factor. To set one up, <strong className="text-ink">{user.username}</strong>{" "}
        has to prove first who they are: you came by way of another site, which did not say that you logged in
        there in the last {formatDuration(PROOF_MS)}. {ways && `To go on, ${ways}.`}{" "}
        {ways ? "If that does not help, ask" : "Ask"} the people who run this site for a link to choose a
        password, and log in with it.
        {unconfirmed && ` ${PASSWORD_ENDS_CONNECTIONS}`}
      </p>
      {providers.length > 0 && (
        <ProviderForms
          providers={providers}
          action={proveAnewAction}
          verb="Confirm with"
          hidden={{ callbackUrl }}
          className="mt-6"
        />
      )}
      {isByPassword && (
        <ButtonLink href={loginPathFor(callbackUrl)} look="quiet" className="mt-3 w-full">
          Log in with your password
        </ButtonLink>
      )}
      {isByConfirming && (
        <ButtonForm
          action={confirmAddressAction}
          look="quiet"
          label="Confirm your email address"
          busyLabel="Sending…"
          hidden={{ callbackUrl }}
          className="mt-3"
        />
      )}
      {isByEmail && (
        <ButtonLink href={routes.forgotPassword} look="quiet" className="mt-3 w-full">
          Choose a password by email
        </ButtonLink>
      )}
    </>
  );
}
