import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { isAddressInUse } from "@/lib/accounts/connections/take-over";
import { isProvenLately } from "@/lib/accounts/login/prove-provider";
import { redirectIfLoggedIn } from "@/lib/auth";
import { arrivalIdOf, currentArrival } from "@/lib/auth/providers/journey";
import { env, features } from "@/lib/platform/env";
import { labelOf } from "@/lib/platform/providers/configured-providers";
import { loginPathFor, returnPath, routes } from "@/lib/shared/routes";
import { USERNAME_HINT } from "@/lib/shared/schemas";
import { isAnsweringForm } from "@/lib/web/request";
import { ChooseUsernameForm } from "./choose-username-form";
import { ProofFirst } from "./proof-first";

export const metadata: Metadata = { title: "Finish registering" };

const IN_USE =
  "An account here with that address may be in use, and nobody has ever confirmed that it is theirs.";

type ChooseUsernamePageProps = { searchParams: Promise<{ callbackUrl?: string | string[] }> };

/**
 * Asks somebody who has come from a provider for the first time for a username, and for an
 * address that is not shown to be theirs.
 */
export default async function ChooseUsernamePage({ searchParams }: ChooseUsernamePageProps) {
  if (!features().connections) notFound();
  await redirectIfLoggedIn();
  const path = returnPath((await searchParams).callbackUrl);
  const arrival = await currentArrival();
  if (!arrival) {
    if (await isAnsweringForm()) return null; // the action says where to go
    return (
      <MessagePage
        title="Please begin again"
        exit={<ButtonLink href={loginPathFor(path)}>Go to the login page</ButtonLink>}
      >
        That took too long, or was begun in another browser.
      </MessagePage>
    );
  }
  const { identity } = arrival;
  const { provider, email, isEmailProven, username } = identity;
  const label = labelOf(provider);
  const isInUse = await isAddressInUse(identity);
  const needsProof = isInUse && !isProvenLately(identity);
  return (
    <AuthCard
      title={needsProof ? "There is an account already" : "Choose a username"}
      instead={{
        question: isInUse ? "Is that account yours?" : "Have an account here?",
        href: loginPathFor(isInUse ? routes.accountConnections : path),
        label: isInUse ? "Log in and connect it" : "Log in",
      }}
    >
      <p className="wrap-anywhere mb-6 text-muted">
        {isEmailProven
          ? `${label} knows you as ${email}. ${isInUse ? IN_USE : "One more thing, and your account is there."}`
          : `${label} knows you, and there is no account here yet. If you have one, log in to it and connect the two there.`}
      </p>
      {needsProof ? (
        <ProofFirst arrival={arrivalIdOf(arrival)} provider={provider} callbackUrl={path} />
      ) : (
        <ChooseUsernameForm
          arrival={arrivalIdOf(arrival)}
          usernameHint={USERNAME_HINT}
          appName={env().appName}
          username={username ?? ""}
          email={email ?? ""}
          asksEmail={!isEmailProven}
          asksTakeOver={isInUse}
          callbackUrl={path}
        />
      )}
    </AuthCard>
  );
}
