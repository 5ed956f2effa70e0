/** `npm run clean`: deletes what has expired, as the server does every hour. It may run while the server does. */
import type { Purged } from "../accounts/clean-up";
import { CommandError, runCommand } from "./command";

/** What a clean-up deletes, one and many of it. */
const WORDS = {
  sessions: ["session", "sessions"],
  events: ["event of a history", "events of histories"],
  links: ["emailed link", "emailed links"],
  browsers: ["known browser", "known browsers"],
  usernames: ["former username", "former usernames"],
  emails: ["email", "emails"],
  limits: ["count of a rate limit", "counts of rate limits"],
  forms: ["answer to a form", "answers to forms"],
  keptForms: ["form kept for a login", "forms kept for a login"],
  pendingLogins: ["login that waited too long", "logins that waited too long"],
  challenges: ["challenge that was answered", "challenges that were answered"],
  lapsed: ["account never confirmed", "accounts never confirmed"],
  erased: ["account whose owner asked for it", "accounts whose owners asked for it"],
} as const satisfies Record<keyof Purged, readonly [string, string]>;

async function clean(): Promise<string> {
  const { purge } = await import("../accounts/clean-up");
  const purged = await purge();
  if (!purged) return "Another process is cleaning up already: nothing was done here.";
  const went = Object.entries(WORDS).flatMap(([kind, [one, many]]) => {
    const count = purged[kind as keyof typeof WORDS];
    return count > 0 ? [`${count} ${count === 1 ? one : many}`] : [];
  });
  return went.length > 0 ? `Deleted ${went.join(", ")}.` : "There was nothing to delete.";
}

await runCommand((args) => {
  if (args.length > 0) throw new CommandError("Usage: npm run clean");
  return clean;
});
