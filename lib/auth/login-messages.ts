import type { LoginOutcome } from "../accounts/login/admit";
import type { FlashKey } from "../shared/flash-messages";

type Refusal = Exclude<LoginOutcome, { ok: true } | { reason: "throttled" | "second-factor" }>;

/** The message for a refused login, of the form and of the credentials route alike. */
export function flashOf(outcome: Refusal): FlashKey {
  switch (outcome.reason) {
    case "refused":
      return "login-failed";
    case "unverified":
      return "email-unconfirmed";
    case "locked":
      return outcome.by === "owner" ? "locked-by-owner" : "locked-by-operator";
  }
}
