import { ProviderForms } from "@/components/connections/provider-forms";
import { ButtonLink } from "@/components/ui/button";
import { timedProviders } from "@/lib/accounts/connections/own-connections";
import { features } from "@/lib/platform/env";
import { labelOf } from "@/lib/platform/providers/configured-providers";
import { PROOF_MS } from "@/lib/security/session-proof";
import { routes } from "@/lib/shared/routes";
import { formatDuration } from "@/lib/shared/units";
import { proveAnewAction } from "./actions";

type ProofFirstProps = {
  /** Names whom this page is made for. */
  arrival: string;
  /** Whom they have come from, by its name in the settings. */
  provider: string;
  callbackUrl: string;
};

/**
 * Asks for a proof of who one is before an account in use can become theirs, because a provider has let them through by one that
 * was not given of late: by the provider again, where it can ask anew, or by a password chosen by email. Where neither
 * helps, the people who run the site do.
 */
export function ProofFirst({ arrival, provider, callbackUrl }: ProofFirstProps) {
  const providers = timedProviders().filter(({ id }) => id === provider);
  const ways = [
    ...(providers.length > 0 ? ["confirm there that it is you"] : []),
    ...(features().mail ? ["choose a password for it by email"] : []),
  ].join(", or ");
  return (
    <>
      <p className="wrap-anywhere text-muted">
        To make it yours, without its password and all else that was set in it, you have to prove first who
        you are: {labelOf(provider)} did not say that you logged in there in the last{" "}
        {formatDuration(PROOF_MS)}. {ways && `To go on, ${ways}.`}{" "}
        {ways ? "If that does not help, ask" : "Ask"} the people who run this site for a link to choose a
        password.
      </p>
      {providers.length > 0 && (
        <ProviderForms
          providers={providers}
          action={proveAnewAction}
          verb="Confirm with"
          hidden={{ arrival, callbackUrl }}
          className="mt-6"
        />
      )}
      {features().mail && (
        <ButtonLink href={routes.forgotPassword} look="quiet" className="mt-3 w-full">
          Choose a password by email
        </ButtonLink>
      )}
    </>
  );
}
