import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { ButtonForm } from "@/components/form/button-form";
import { PageProvider } from "@/components/form/page-context";
import { PasskeyForm } from "@/components/passkeys/passkey-form";
import { AuthenticatorKey } from "@/components/two-factor/authenticator-key";
import { SetUpForm } from "@/components/two-factor/set-up-form";
import { mayAddFactor } from "@/lib/accounts/factor-change";
import { findFirstAsked } from "@/lib/accounts/factors";
import { canShowPasskey } from "@/lib/accounts/passkeys/own-passkeys";
import { currentPendingLogin, newPageMarks } from "@/lib/auth";
import { currentSetUp } from "@/lib/auth/two-factor/carried";
import { env, features } from "@/lib/platform/env";
import type { PendingLogin } from "@/lib/security/two-factor/pending-logins";
import {
  BY_RECOVERY_CODE,
  byRecoveryCodePathFor,
  loginPathFor,
  returnPath,
  secondStepPathFor,
  sessionEndedPathFor,
} from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/request";
import {
  askForRequiredAction,
  askForSecondStepAction,
  beginRequiredSetUpAction,
  requiredPasskeyAction,
  requiredSetUpAction,
  secondStepByPasskeyAction,
} from "./actions";
import { ProofFirst } from "./proof-first";
import { SecondStepForm } from "./second-step-form";

export const metadata: Metadata = { title: "One more step" };

type SecondStepPageProps = {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

type StepProps = { pending: PendingLogin; callbackUrl: string };

type ProofsProps = StepProps & { asked: "app" | "passkey"; isByRecoveryCode: boolean };

/**
 * Asks somebody whose password was right for their second factor, or leads them to set one up where the site requires it. Their
 * login opens nothing else.
 */
export default async function SecondStepPage({ searchParams }: SecondStepPageProps) {
  const { callbackUrl, by } = await searchParams;
  const path = returnPath(callbackUrl);
  const pending = await currentPendingLogin();
  if (!pending) {
    if (await isAnsweringForm()) return null; // the action says where to go
    redirect(sessionEndedPathFor(path));
  }
  const instead = { question: "Not you?", href: loginPathFor(path), label: "Log in as somebody else" };
  const asked = await findFirstAsked(pending.user.id);
  // Its forms are for the person who is logging in, also where another one is logged in already.
  return (
    <PageProvider marks={newPageMarks(pending.user)} origin={env().publicUrl.origin}>
      <AuthCard title={asked ? "One more step" : "Set up a second factor"} instead={instead}>
        {asked ? (
          <Proofs
            pending={pending}
            callbackUrl={path}
            asked={asked}
            isByRecoveryCode={by === BY_RECOVERY_CODE}
          />
        ) : (await mayAddFactor(pending)) ? (
          <RequiredSetUp pending={pending} callbackUrl={path} />
        ) : (
          <ProofFirst pending={pending} callbackUrl={path} />
        )}
      </AuthCard>
    </PageProvider>
  );
}

/** The ways to prove the second factor that an account has. */
async function Proofs({ pending, callbackUrl, asked, isByRecoveryCode }: ProofsProps) {
  const canUsePasskey = await canShowPasskey(pending.user.id);
  return (
    <>
      {asked === "app" ? (
        <SecondStepForm
          username={pending.user.username}
          callbackUrl={callbackUrl}
          byRecoveryCode={isByRecoveryCode}
          isLogin={pending.sessionId === null}
          codePath={secondStepPathFor(callbackUrl)}
          recoveryCodePath={byRecoveryCodePathFor(secondStepPathFor(callbackUrl))}
        />
      ) : (
        <p className="wrap-anywhere text-muted">
          To log in as <strong className="text-ink">{pending.user.username}</strong>,{" "}
          {canUsePasskey
            ? "use your passkey."
            : "this site wants a second factor, and your passkeys do not work here now. Ask the people who run it."}
        </p>
      )}
      {canUsePasskey && (
        <PasskeyForm
          kind="get"
          ask={askForSecondStepAction}
          action={secondStepByPasskeyAction}
          hidden={{ callbackUrl }}
          label="Use a passkey"
          busyLabel="Waiting for your passkey…"
          className="mt-3"
        />
      )}
    </>
  );
}

async function RequiredSetUp({ pending, callbackUrl }: StepProps) {
  const setUp = await currentSetUp(pending.user);
  const takesPasskey = features().passkeys;
  if (!setUp)
    return (
      <>
        <p className="mb-6 text-muted">
          This site wants a second factor: an app on your phone that shows a new code every 30 seconds
          {takesPasskey && ", or a passkey"}. Install an authenticator app if you have none, then go on.
        </p>
        <ButtonForm
          action={beginRequiredSetUpAction}
          hidden={{ callbackUrl }}
          label="Set up an authenticator app"
          busyLabel="Preparing…"
        />
        {takesPasskey && (
          <PasskeyForm
            kind="create"
            ask={askForRequiredAction}
            action={requiredPasskeyAction}
            hidden={{ callbackUrl }}
            label="Add a passkey instead"
            busyLabel="Waiting for your device…"
            className="mt-3"
          />
        )}
      </>
    );
  return (
    <>
      <AuthenticatorKey {...setUp} />
      <SetUpForm action={requiredSetUpAction} hidden={{ callbackUrl }} label="Turn on and log in" />
    </>
  );
}
