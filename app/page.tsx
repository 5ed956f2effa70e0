import { KeyMark } from "@/components/brand";
import { ButtonLink } from "@/components/ui/button";
import { currentUser } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";

const HEADLINE = "text-display wide:text-hero wide:tracking-tight";
const SENTENCE = "mt-4 text-lead text-muted";

const FACTS = [
  {
    title: "Logged out means out",
    text: "Every login is a row on the server. End it, and a copy of its cookie opens nothing.",
  },
  {
    title: "Works before any script",
    text: "Every form is plain HTML first. JavaScript makes it quicker, and nothing waits for it.",
  },
  {
    title: "No readable passwords",
    text: "We keep only a bcrypt hash. It is computed beside the server, so no login holds up another visitor.",
  },
] as const;

export default async function HomePage() {
  const user = await currentUser();
  return (
    <div className="mx-auto max-w-page px-4 pt-4 wide:pt-8">
      <section className="flex items-center justify-between">
        <div className="min-w-0 max-w-measure">
          {user ? <Greeting username={user.username} /> : <Welcome appName={env().appName} />}
        </div>
        <KeyMark weight={0.7} className="-my-8 hidden size-80 shrink-0 roomy:block" />
      </section>
      {!user && <Facts />}
    </div>
  );
}

function Welcome({ appName }: { appName: string }) {
  return (
    <>
      <h1 className={`wrap-anywhere ${HEADLINE}`}>Welcome to {appName}</h1>
      <p className={SENTENCE}>
        Register and log in. We remember you if you like, and take you to the page you asked for.
      </p>
      <div className="mt-8 grid gap-3 snug:flex">
        <ButtonLink href={routes.register}>Register</ButtonLink>
        <ButtonLink href={routes.login} look="quiet">
          Log in
        </ButtonLink>
      </div>
    </>
  );
}

function Greeting({ username }: { username: string }) {
  return (
    <>
      <h1 className={`wrap-anywhere ${HEADLINE}`}>Welcome back, {username}</h1>
      <p className={SENTENCE}>You are logged in on this device.</p>
      <ButtonLink href={routes.account} className="mt-8">
        Your account
      </ButtonLink>
    </>
  );
}

function Facts() {
  return (
    <ul className="mt-16 grid gap-8 border-line border-t pt-8 wide:mt-20 wide:grid-cols-3">
      {FACTS.map(({ title, text }) => (
        <li key={title}>
          <h2 className="text-body">{title}</h2>
          <p className="mt-1 max-w-measure text-muted text-small">{text}</p>
        </li>
      ))}
    </ul>
  );
}
