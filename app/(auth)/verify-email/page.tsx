import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AuthCard } from "@/components/auth-card";
import { ProviderForms } from "@/components/connections/provider-forms";
import { DeadLink } from "@/components/dead-link";
import { ButtonForm } from "@/components/form/button-form";
import { LinkForm } from "@/components/form/link-form";
import { NewPasswordForm } from "@/components/form/new-password-form";
import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { TextLink } from "@/components/ui/text-link";
import { hasPassword } from "@/lib/accounts/change-password";
import { ownProviders } from "@/lib/accounts/connections/own-connections";
import type { FoundLink } from "@/lib/accounts/emailed-links";
import { asksPassword, currentUser, currentVouched } from "@/lib/auth";
import { newPasswordRules } from "@/lib/auth/new-password";
import { env, features } from "@/lib/platform/env";
import type { OfferedProvider } from "@/lib/shared/connections";
import { routes } from "@/lib/shared/routes";
import { LINK_FIELD, openLinkPath } from "@/lib/web/link-id";
import { type LinkPageProps, openLinkPage } from "@/lib/web/link-page";
import { isAnsweringForm } from "@/lib/web/request";
import { typedEmail } from "@/lib/web/typed-email";
import { resendVerificationAction, verifyByNewPasswordAction, verifyEmailAction } from "./actions";
import { showWithProviderAction } from "./provider-actions";
import { VerifyCodeForm } from "./verify-code-form";

export const metadata: Metadata = { title: "Confirm your email" };

/** The parameter that asks for the form with a new password. */
const CHOICE = { choose: "new-password" } as const;

/** With a link it shows a button, or asks for the account's password; without one it asks for the code. */
export default async function VerifyEmailPage(props: LinkPageProps) {
  if (!features().mail) notFound();
  const { linkId, isAsked, owner, problem } = await openLinkPage("verify-email", props);
  const user = await currentUser();
  const isDone = isAsked ? problem === "spent" : !(await isAnsweringForm());
  if (user?.isVerified && isDone)
    return (
      <MessagePage
        title="Your email is confirmed"
        exit={<ButtonLink href={ACCOUNT.href}>{ACCOUNT.label}</ButtonLink>}
      >
        There is nothing left to do.
      </MessagePage>
    );
  if (problem && isAsked) return <DeadLink purpose="verify-email" problem={problem} exit={exitFor(user)} />;
  if (!isAsked) {
    const holder = user ?? (await currentVouched());
    return (
      <CodePage email={holder?.email ?? null} isLoggedIn={user !== null} typedEmail={await typedEmail()} />
    );
  }

  const choice = (await props.searchParams).choose;
  if (choice === CHOICE.choose) return <NewPasswordPage linkId={linkId} owner={owner} />;
  const isPasswordAsked = await asksPassword(owner, { takesProviders: true });
  if (isPasswordAsked && owner && !(await hasPassword(owner.id)))
    return <ProviderPage linkId={linkId} owner={owner} providers={await ownProviders(owner.id)} />;
  return (
    <AuthCard
      title="Confirm your email"
      instead={
        isPasswordAsked
          ? {
              question: "You did not register it, or do not know the password?",
              href: openLinkPath("verify-email", linkId, CHOICE),
              label: "Choose a new one",
            }
          : INSTEAD
      }
    >
      {owner && (
        <p className="wrap-anywhere mb-6 text-muted">
          <Claim owner={owner} />
          {isPasswordAsked && " Type the password of that account to confirm it."}
        </p>
      )}
      <LinkForm
        action={verifyEmailAction}
        linkId={linkId}
        email={owner?.email ?? null}
        asksPassword={isPasswordAsked}
        label="Confirm this address"
        busyLabel="Confirming…"
      />
    </AuthCard>
  );
}

/** Names the account, so that people do not confirm a stranger's. */
function Claim({ owner }: { owner: FoundLink }) {
  return (
    <>
      The account <strong className="text-ink">{owner.username}</strong> says that {owner.email} is its
      address.
    </>
  );
}

/** For an account without a password, in a browser that nothing shows to be its person's. */
function ProviderPage({
  linkId,
  owner,
  providers,
}: {
  linkId: string;
  owner: FoundLink;
  providers: OfferedProvider[];
}) {
  return (
    <AuthCard
      title="Confirm your email"
      instead={{
        question: "You did not register it, or cannot log in there?",
        href: openLinkPath("verify-email", linkId, CHOICE),
        label: "Choose a password",
      }}
    >
      <p className="wrap-anywhere mb-6 text-muted">
        <Claim owner={owner} /> It has no password.
        {providers.length > 0 && " Show that it is yours by the account that it is connected with."}
      </p>
      <ProviderForms
        providers={providers}
        action={showWithProviderAction}
        verb="Go on with"
        hidden={{ [LINK_FIELD]: linkId }}
      />
    </AuthCard>
  );
}

function NewPasswordPage({ linkId, owner }: { linkId: string; owner: FoundLink | null }) {
  return (
    <AuthCard
      title="Confirm with a new password"
      instead={{
        question: "You know the password?",
        href: openLinkPath("verify-email", linkId),
        label: "Type it",
      }}
    >
      {owner && (
        <p className="wrap-anywhere mb-6 text-muted">
          <Claim owner={owner} /> With a new password it is yours alone: everyone who has logged in to it is
          logged out, and what they asked for is undone.
        </p>
      )}
      <NewPasswordForm
        action={verifyByNewPasswordAction}
        label="Confirm and change password"
        linkId={linkId}
        email={owner?.email ?? null}
        rules={newPasswordRules()}
      />
    </AuthCard>
  );
}

type CodePageProps = {
  /** The address of the person who is logged in, or for whom a provider vouches; null for any other visitor. */
  email: string | null;
  isLoggedIn: boolean;
  typedEmail: string;
};

function CodePage({ email, isLoggedIn, typedEmail }: CodePageProps) {
  return (
    <AuthCard title="Confirm your email" instead={INSTEAD}>
      <p className="wrap-anywhere mb-6 text-muted">
        {email
          ? `Follow the link in our email to ${email} on any device, or type its code here.`
          : "Follow the link in our email on any device, or type its code here, with the password of your account."}
      </p>
      <VerifyCodeForm email={email} typedEmail={typedEmail} />
      {isLoggedIn ? (
        <ButtonForm
          action={resendVerificationAction}
          look="quiet"
          label="Send another email"
          busyLabel="Sending…"
          className="mt-5 border-line border-t pt-5"
        />
      ) : (
        <p className="mt-5 text-muted text-small">
          Confirmed already, or no email there? <TextLink href={routes.login}>Log in</TextLink>, and have
          another one sent.
          {email === null && (
            <>
              {" "}
              You do not know the password? Follow the link in the email, or{" "}
              <TextLink href={routes.forgotPassword}>ask for a new one</TextLink>.
            </>
          )}
          {env().requireVerifiedEmail && (
            <>
              {" "}
              Mistyped it? <TextLink href={routes.correctEmail}>Check and correct your address</TextLink>.
            </>
          )}
        </p>
      )}
    </AuthCard>
  );
}

/** Where a person goes on from a link that does not work. */
function exitFor(user: { isVerified: boolean } | null) {
  if (!user) return LOGIN;
  return user.isVerified ? ACCOUNT : ANOTHER_EMAIL;
}

const ACCOUNT = { href: routes.account, label: "Your account" } as const;
const ANOTHER_EMAIL = { href: routes.verifyEmail, label: "Send another email" } as const;
/** Where a person who logs in gets another email. */
const LOGIN = { href: routes.login, label: "Go to the login page" } as const;
const INSTEAD = { question: "Done already?", href: routes.home, label: "Go to the home page" } as const;
