import "server-only";
import type { AdmitOutcome } from "../../accounts/login/admit";
import type { ProvenByProvider } from "../../accounts/login/prove-provider";
import type { FlashKey } from "../../shared/flash-messages";
import { loginPathFor, routes, secondStepPathFor } from "../../shared/routes";
import { keepTypedEmail } from "../../web/typed-email";
import { keepLogin } from "../keep-login";
import { pathAfter } from "../log-in";
import { flashOf } from "../login-messages";
import { writeVoucher } from "./journey";

/**
 * Where a login by a provider goes on, and what is said there. What came of it is kept in this browser.
 * @param path where it was to lead
 */
export async function wayOn(
  outcome: AdmitOutcome,
  user: ProvenByProvider,
  path: string,
): Promise<{ path: string; said?: FlashKey }> {
  await keepLogin(outcome);
  if (outcome.ok) return { path: pathAfter(outcome, path) };
  switch (outcome.reason) {
    case "second-factor":
      return { path: secondStepPathFor(path) };
    case "refused": // disconnected at this moment
      return { path: loginPathFor(path), said: "provider-lost" };
    case "unverified":
      await writeVoucher(user);
      await keepTypedEmail(user.email);
      return { path: routes.verifyEmail, said: "provider-unconfirmed" };
    case "locked":
      return { path: loginPathFor(path), said: flashOf(outcome) };
  }
}
