import type { ReactNode } from "react";
import { ButtonLink } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Moment } from "@/components/ui/moment";
import { TextLink } from "@/components/ui/text-link";
import { findLastLogin } from "@/lib/accounts/last-login";
import { currentSession } from "@/lib/auth";
import { env, features } from "@/lib/platform/env";
import type { LiveSession } from "@/lib/security/sessions";
import { brand } from "@/lib/shared/brand";
import { routes } from "@/lib/shared/routes";

const HEADLINE = "wrap-anywhere text-display wide:text-hero wide:tracking-tight";

export default async function HomePage() {
  const session = await currentSession();
  return (
    <div className="mx-auto grid w-full max-w-page items-center gap-x-16 gap-y-10 px-4 roomy:min-h-[min(48rem,calc(100dvh-16rem))] roomy:grid-cols-[1fr_24rem]">
      {session ? <Greeting session={session} /> : <Welcome />}
    </div>
  );
}

function Welcome() {
  return (
    <>
      <div className="max-w-measure">
        <h1 className={HEADLINE}>Welcome to {env().appName}</h1>
        <p className="mt-4 text-lead text-muted">{brand.sentence}</p>
        <div className="mt-8 grid gap-3 snug:flex">
          <ButtonLink href={routes.register}>Register</ButtonLink>
          <ButtonLink href={routes.login} look="quiet">
            Log in
          </ButtonLink>
        </div>
      </div>
      <Card>
        <h2 className="text-lead">What to expect</h2>
        <ol className="mt-4 grid gap-5">
          {steps().map(({ title, text }, index) => (
            <li key={title} className="grid grid-cols-[2rem_1fr]">
              <span aria-hidden="true" className="font-semibold text-brass tabular-nums">
                {index + 1}
              </span>
              <div>
                <h3>{title}</h3>
                <p className="mt-0.5 text-muted">{text}</p>
              </div>
            </li>
          ))}
        </ol>
      </Card>
    </>
  );
}

/** What a visitor can do here, in the order in which it comes. */
function steps() {
  return [
    {
      title: "Register",
      text: "Choose a username and a password. That is all we ask for beside your email.",
    },
    { title: "Log in", text: "Tick “Remember me” on a device of your own, and you stay logged in there." },
    {
      title: "Look after your account",
      text: features().mail
        ? "Change your email there. If you forget your password, we send you a link for a new one."
        : "See there how this site knows you.",
    },
  ];
}

/** Somebody who has logged in before is welcomed back. */
async function Greeting({ session }: { session: LiveSession }) {
  const { user } = session;
  const last = await findLastLogin(session);
  return (
    <>
      <div className="max-w-measure">
        <h1 className={HEADLINE}>
          {last ? "Welcome back" : "Welcome"}, {user.name ?? user.username}
        </h1>
        <p className="wrap-anywhere mt-4 text-lead text-muted">You are logged in with {user.email}.</p>
        <ButtonLink href={routes.account} className="mt-8">
          Your account
        </ButtonLink>
      </div>
      <Card>
        <h2 className="text-lead">Your account at a glance</h2>
        <dl className="mt-4 divide-y divide-line border-line border-t">
          {features().mail && (
            <Fact name="Email">
              {user.isVerified ? (
                "Confirmed"
              ) : (
                <>
                  Not confirmed yet. <TextLink href={routes.verifyEmail}>Confirm your address</TextLink>
                </>
              )}
            </Fact>
          )}
          <Fact name="Last login before this one">
            {last ? (
              <>
                <Moment at={last.at} />, with {last.browser}
              </>
            ) : (
              "None. This is your first."
            )}
          </Fact>
          <Fact name="This session">
            {session.isRemembered
              ? "Remembered until "
              : "Logged out when the browser closes, at the latest "}
            <Moment at={session.expiresAt} />
          </Fact>
        </dl>
      </Card>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="py-3">
      <dt className="text-muted text-small">{name}</dt>
      <dd className="wrap-anywhere mt-0.5">{children}</dd>
    </div>
  );
}
