import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { ConfirmButton } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { Alert } from "@/components/ui/alert";
import { Moment } from "@/components/ui/moment";
import { TextLink } from "@/components/ui/text-link";
import { type Factors, findFactors, isTwoFactorShown } from "@/lib/accounts/factors";
import { hasPasskeys } from "@/lib/accounts/passkeys/own-passkeys";
import { requireUser } from "@/lib/auth";
import { env, features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { RECOVERY_CODES, RECOVERY_CODES_FEW } from "@/lib/shared/two-factor";
import { beginSetUpAction } from "./actions";
import { NEW_CODES, NewCodesForm } from "./new-recovery-codes/new-codes";
import { REMOVE_APP, RemoveAppForm } from "./remove/remove-app";

export const metadata: Metadata = { title: "Two-factor" };

/** What the account asks for beside the password. It shows no secret, so a login is enough to look at it. */
export default async function TwoFactorPage() {
  const user = await requireUser();
  if (!(await isTwoFactorShown(user.id))) notFound();
  const { authenticator, recoveryCodes } = await findFactors(user.id);
  return (
    <div className="grid gap-4">
      <AccountSection
        title="Authenticator app"
        intro="An app on your phone shows a new code every 30 seconds. With one set up, a login takes a code beside your password: who learns the password alone stays outside."
      >
        {authenticator ? (
          <App createdAt={authenticator.createdAt} />
        ) : (
          <ButtonForm
            action={beginSetUpAction}
            label="Set up an authenticator app"
            busyLabel="Preparing…"
            className="mt-6"
          />
        )}
      </AccountSection>
      {authenticator && <RecoveryCodes recoveryCodes={recoveryCodes} />}
      {(await hasPasskeys(user.id)) && (
        <p className="text-muted">
          Your passkeys are under <TextLink href={routes.accountPasskeys}>Passkeys</TextLink>.
        </p>
      )}
    </div>
  );
}

function App({ createdAt }: { createdAt: Date }) {
  return (
    <>
      <p className="mt-4">
        Set up <Moment at={createdAt} isAgo />. Browsers that are not asked for a code are listed under{" "}
        <TextLink href={routes.accountSessions}>Sessions</TextLink>.
      </p>
      <div className="mt-6 grid gap-3 snug:grid-cols-2">
        {features().twoFactor && (
          <ButtonForm action={beginSetUpAction} look="quiet" label="Replace it" busyLabel="Preparing…" />
        )}
        {!env().requireTwoFactor && (
          <ConfirmButton {...REMOVE_APP} label="Remove it" className="w-full">
            <RemoveAppForm />
          </ConfirmButton>
        )}
      </div>
    </>
  );
}

function RecoveryCodes({ recoveryCodes }: Pick<Factors, "recoveryCodes">) {
  const left = recoveryCodes?.left ?? 0;
  return (
    <AccountSection
      id="recovery-codes"
      title="Recovery codes"
      intro="For a day without your phone. Each works once, in place of a code."
    >
      {left <= RECOVERY_CODES_FEW ? (
        <Alert kind="info" className="mt-4">
          {left === 0 ? "You have no recovery code left." : `You have ${left} of ${RECOVERY_CODES} left.`}{" "}
          Make new ones before you need them.
        </Alert>
      ) : (
        <p className="mt-4">
          {left} of {RECOVERY_CODES} are left
          {recoveryCodes && (
            <>
              , made <Moment at={recoveryCodes.createdAt} isAgo />
            </>
          )}
          .
        </p>
      )}
      <ConfirmButton {...NEW_CODES} label="Make new codes" className="mt-6 w-full">
        <NewCodesForm />
      </ConfirmButton>
    </AccountSection>
  );
}
