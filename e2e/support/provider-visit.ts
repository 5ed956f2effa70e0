import { CLIENT_SECRET, type IdentityProvider } from "../../lib/testing/identity-provider";
import { noteSecret } from "./secrets";
import { Visitor } from "./visitor";

/**
 * Logs in at the provider without a window, by its page at this address, and answers the address that leads back to the app.
 * @param name whom it knows; empty: the person says no there
 */
export async function answerOf({ issuer }: IdentityProvider, asked: string, name: string): Promise<string> {
  const there = new Visitor(issuer);
  const { path } = await there.follow(asked);
  const form = new URLSearchParams({ name, does: name === "" ? "cancel" : "log-in" });
  let answer = await there.request(path, {
    method: "POST",
    body: form.toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  while (answer.location?.startsWith(`${issuer}/`))
    answer = await there.get(answer.location.slice(issuer.length));
  if (answer.location === null) throw new Error(`the provider leads nowhere: ${answer.status}`);
  for (const secret of [CLIENT_SECRET, ...new URL(answer.location).searchParams.values()]) noteSecret(secret);
  return answer.location;
}
