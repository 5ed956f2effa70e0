import "server-only";
import { cache } from "react";
import type { Admitted, Asker } from "../accounts/login/prove-holder";
import { findVouched, type ProvenByProvider } from "../accounts/login/prove-provider";
import type { ActionState } from "../shared/action-state";
import type { FlashKey } from "../shared/flash-messages";
import { routes, secondStepPathFor } from "../shared/routes";
import { goTo } from "../web/action";
import { flash } from "../web/flash";
import { currentUser } from "./current-user";
import { keepLogin } from "./keep-login";
import { pathAfter } from "./log-in";
import { flashOf } from "./login-messages";
import { currentVoucher } from "./providers/journey";
import { readSessionToken } from "./session-cookie";

/**
 * This browser as the verbs of emailed links want to know it.
 * @param password the form's field, which anyone can leave out or fill with anything
 */
export async function currentAsker(password: unknown): Promise<Asker> {
  const [user, sessionToken, voucher] = await Promise.all([
    currentUser(),
    readSessionToken(),
    currentVoucher(),
  ]);
  return {
    vouched: voucher && (await findVouched(voucher)),
    userId: user?.id ?? null,
    sessionToken,
    password: typeof password === "string" && password !== "" ? password : null,
  };
}

/**
 * The account for which a provider has just vouched in this browser, and whose address is to be confirmed before it can be logged
 * in to; null: there is none, or somebody is logged in.
 */
export const currentVouched = cache(async (): Promise<ProvenByProvider | null> => {
  const voucher = (await currentUser()) ? null : await currentVoucher();
  return voucher && findVouched(voucher);
});

/**
 * True when the page of an emailed link has to ask for the account's password: this browser is not logged in to it.
 * @param owner null once the link no longer works: then the page stays as it was drawn
 * @param options.takesProviders true where it is enough that a provider vouches for its being this browser's
 */
export async function asksPassword(
  owner: { id: string } | null,
  { takesProviders = false } = {},
): Promise<boolean> {
  const [user, voucher] = await Promise.all([currentUser(), takesProviders ? currentVoucher() : null]);
  if (!owner) return user === null && voucher === null;
  const vouched = voucher && (await findVouched(voucher)); // disconnected since, or confirmed
  return owner.id !== user?.id && owner.id !== vouched?.id;
}

/**
 * Ends an action in which this browser has shown that an account is its own: keeps the session of a login that was admitted,
 * and says what was done.
 * @param said by which flash message, and by which where somebody is logged in to another account
 * @param path where the person goes on; one whose login was refused goes to the login page, one who has a second factor
 *   shows it first
 */
export async function answerHolder(
  { by, login }: Admitted,
  said: { own: FlashKey; ofAnother: FlashKey },
  path: string,
): Promise<ActionState> {
  if (login) await keepLogin(login);
  if (login && !login.ok) {
    await flash(login.reason === "locked" ? flashOf(login) : said.own);
    return goTo(login.reason === "second-factor" ? secondStepPathFor(path) : routes.login);
  }
  await flash(login || by === "session" ? said.own : said.ofAnother);
  return goTo(login ? pathAfter(login, path) : path);
}
