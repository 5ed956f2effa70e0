import "server-only";
import type { LoginOutcome } from "../accounts/login/admit";
import { forgetTypedEmail } from "../web/typed-email";
import { writeSessionCookie } from "./session-cookie";
import { writePendingLogin } from "./two-factor/pending-login";

/**
 * Keeps in this browser what came of a login: its session, or that it waits for its second proof. Of one that was let in, the
 * address that was typed for it is kept no longer. For actions and routes.
 */
export async function keepLogin(outcome: LoginOutcome): Promise<void> {
  if (outcome.ok) {
    await writeSessionCookie(outcome.session, outcome.browserToken);
    await forgetTypedEmail();
  } else if (outcome.reason === "second-factor") await writePendingLogin(outcome.pending);
}
