import { expect } from "playwright/test";
import type { Database } from "../../lib/testing/look-in";
import { codeShown } from "../../lib/testing/totp";
import { noteSecret } from "./secrets";
import { textOf, type Visitor } from "./visitor";

/** An authenticator app in somebody's hand. */
export interface App {
  secret: string;
  recoveryCodes: string[];
}

/** The key in the text of a page, as an app takes it. */
export function keyIn(text: string): string {
  const secret = /Key ((?:[A-Z2-7]{4} ?){8})/.exec(text)?.[1]?.replaceAll(" ", "") ?? "";
  expect(secret, "the key of the page").toHaveLength(32);
  noteSecret(secret);
  return secret;
}

/** The recovery codes in the text of a page. */
export function recoveryCodesIn(text: string): string[] {
  const codes = text.match(/(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}/g) ?? [];
  for (const code of codes) noteSecret(code);
  return codes;
}

/** Sets an app up for somebody who has just logged in, as a browser without a script does. */
export async function setUpApp(visitor: Visitor): Promise<App> {
  const begun = await visitor.submit("/account/two-factor", {}, { button: "Set up an authenticator app" });
  const { path, page } = await visitor.follow(begun.location ?? "");
  const secret = keyIn(textOf(page.body));
  const answer = await visitor.send(path, page, { code: codeShown(secret) });
  const shown = await visitor.follow(answer.location ?? "");
  const recoveryCodes = recoveryCodesIn(textOf(shown.page.body));
  expect(recoveryCodes).toHaveLength(10);
  return { secret, recoveryCodes };
}

/** A code that is accepted now, also where one of this moment was used already. */
export async function freshCode(database: Database, { id }: { id: string }, { secret }: Pick<App, "secret">) {
  await database.query('UPDATE "Authenticator" SET "lastStep" = 0 WHERE "userId" = ?', id);
  return codeShown(secret);
}
