import { KeyMark } from "@/components/brand";
import { ButtonLink } from "@/components/ui/button";
import { currentUser } from "@/lib/auth/guards";
import { routes } from "@/lib/routes";

const FACTS = [
  {
    title: "Logged out means out",
    text: "Every login is a row on the server. End it, and a copy of its cookie opens nothing.",
  },
  {
    title: "A form before a script",
    text: "Everything works as plain HTML. JavaScript makes it quicker, and is waited for nowhere.",
  },
  {
    title: "Passwords nobody can read",
    text: "Only a bcrypt hash is kept, made aside so that one login never slows another visitor.",
  },
] as const;

export default async function HomePage() {
  const user = await currentUser();
  return user ? <Greeting username={user.username} /> : <Welcome />;
}

function Welcome() {
  return (
    <div className="mx-auto max-w-page px-4 pt-12 pb-16 wide:pt-28">
      <section className="max-w-measure">
        <KeyMark className="mb-6 size-12 rotate-45 text-brass wide:size-14" />
        <h1 className="text-display wide:text-hero wide:tracking-tight">Accounts for the web, done right</h1>
        <p className="mt-4 text-lead text-muted">
          Register, log in, be remembered and land on the page you asked for: a front door that is finished,
          small enough to read in an afternoon and yours to build on.
        </p>
        <div className="mt-8 grid gap-3 snug:flex">
          <ButtonLink href={routes.register}>Register</ButtonLink>
          <ButtonLink href={routes.login} look="quiet">
            Log in
          </ButtonLink>
        </div>
      </section>
      <ul className="mt-16 grid gap-8 border-line border-t pt-8 wide:mt-24 wide:grid-cols-3">
        {FACTS.map(({ title, text }) => (
          <li key={title}>
            <h2 className="text-body">{title}</h2>
            <p className="mt-1 max-w-measure text-muted text-small">{text}</p>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Greeting({ username }: { username: string }) {
  return (
    <section className="mx-auto max-w-page px-4 pt-12 pb-16 wide:pt-28">
      <KeyMark className="mb-6 size-12 rotate-45 text-brass wide:size-14" />
      <h1 className="wrap-break-word text-display wide:text-hero wide:tracking-tight">
        Welcome back, {username}
      </h1>
      <p className="mt-4 max-w-measure text-lead text-muted">
        You are logged in, and will be until you log out or stay away too long.
      </p>
      <ButtonLink href={routes.account} className="mt-8">
        Your account
      </ButtonLink>
    </section>
  );
}
