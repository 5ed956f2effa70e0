import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { features } from "@/lib/platform/env";
import type { WayOut } from "@/lib/shared/action-state";
import { type LinkPurpose, spentSentence } from "@/lib/shared/links";
import { routes } from "@/lib/shared/routes";
import type { LinkProblem } from "@/lib/web/link-page";

type DeadLinkProps = {
  purpose: LinkPurpose;
  problem: LinkProblem;
  /** Where to go on, where the page knows better than {@link exitOf}. */
  exit?: WayOut;
};

/** Shown for an emailed link that does not work: the reason, and what helps. */
export function DeadLink({ purpose, problem, exit = exitOf(purpose) }: DeadLinkProps) {
  return (
    <MessagePage
      title="This link does not work"
      exit={<ButtonLink href={exit.href}>{exit.label}</ButtonLink>}
    >
      {problemSentence(purpose, problem)}
    </MessagePage>
  );
}

/** Where a person gets what the link was for. */
function exitOf(purpose: LinkPurpose): WayOut {
  const newPassword = features().mail
    ? { href: routes.forgotPassword, label: "Ask for a new password" }
    : { href: routes.login, label: "Go to the login page" };
  const exits: Record<LinkPurpose, WayOut> = {
    "verify-email": { href: routes.login, label: "Log in" },
    "reset-password": newPassword,
    "lock-account": newPassword, // it logs every device out, too
    "change-email": features().mail
      ? { href: routes.accountEmail, label: "Ask for another link" }
      : { href: routes.account, label: "Your account" },
    "restore-email": { href: routes.login, label: "Log in" },
  };
  return exits[purpose];
}

/** Why a link for this purpose does not work, and what to do. */
function problemSentence(purpose: LinkPurpose, problem: LinkProblem): string {
  switch (problem) {
    case "incomplete":
      return "It is not the whole link: a part of it is missing or changed. Copy all of it from the email into the address bar.";
    case "closed":
      return "This browser does not have it open. Open the link in the email again.";
    case "moved":
      return purpose === "lock-account" ? MOVED_UNASKED : MOVED;
    case "spent":
      return spentSentence(purpose);
  }
}

const MOVED = "The account has another email address since this link was sent.";
const MOVED_UNASKED = `${MOVED} If that was not you, a later email to the address you had tells what to do.`;
