import type { FlashMessageContent } from "./flash-messages";
import { routes } from "./routes";

const SEE_PASSKEYS = { href: routes.accountPasskeys, label: "See your passkeys" };
const SEE_CONNECTIONS = { href: routes.accountConnections, label: "See your connections" };

/** Of a password chosen by an emailed link, in a browser that is not logged in by it. */
function chosen(more?: string) {
  const text = "Your password has been changed. You can log in with it now.";
  return { kind: "success", text, more } as const;
}

/** Of a password that somebody logged in has changed. */
function changed(more = "") {
  const text = `Your password is changed, and every other device is logged out.${more}`;
  return { kind: "success", text } as const;
}

/** The flash messages about a new password: what it ends, and what it does not. */
export const passwordMessages = {
  "password-reset": chosen(),
  "password-reset-and-kept": chosen("Your account was to be deleted, and stays."),
  "password-reset-but-second-factor": chosen(
    "A login still takes your second factor: a new password does not end it. After the login you see what your account has.",
  ),
  "password-reset-but-passkeys": chosen(
    "A new password ends no passkey. After the login you see those of your account: remove any that is not yours.",
  ),
  "password-reset-but-connections": chosen(
    "Accounts elsewhere that are connected with yours still log in to it. After the login you see which: disconnect what is not yours.",
  ),
  "password-reset-but-ways-in": chosen(
    "A new password ends no passkey, and no connection with a provider. After the login, look at both: remove whatever is not yours.",
  ),
  "password-reset-but-factors": chosen(
    "A login still takes your second factor, and a new password ends no passkey either. After the login you see what your account has.",
  ),
  "password-reset-but-factors-and-connections": chosen(
    "A login still takes your second factor, and a new password ends no connection with a provider either. After the login, look at both: remove whatever is not yours.",
  ),
  "password-reset-but-factors-and-ways-in": chosen(
    "A login still takes your second factor, and a new password ends no passkey and no connection with a provider either. After the login, look at all of them: remove whatever is not yours.",
  ),
  "new-password": changed(),
  "new-password-but-passkeys": { ...changed(" Your passkeys stay."), waysOut: [SEE_PASSKEYS] },
  "new-password-but-connections": {
    ...changed(" Accounts elsewhere that are connected with yours still log in."),
    waysOut: [SEE_CONNECTIONS],
  },
  "new-password-but-ways-in": {
    ...changed(" Your passkeys and connections stay."),
    waysOut: [SEE_PASSKEYS, SEE_CONNECTIONS],
  },
  "first-password": {
    kind: "success",
    text: "Your account has a password now, and every other device is logged out.",
  },
} as const satisfies Record<string, FlashMessageContent>;
