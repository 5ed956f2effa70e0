import { MessagePage } from "@/components/message-page";
import { ButtonLink } from "@/components/ui/button";
import { features } from "@/lib/platform/env";
import { type LinkPurpose, spentSentence } from "@/lib/shared/links";
import { routes } from "@/lib/shared/routes";
import type { LinkProblem } from "@/lib/web/link-page";

type DeadLinkProps = {
  purpose: LinkPurpose;
  problem: LinkProblem;
  /** Where to go on; by default where a new password can be asked for. */
  exit?: { href: string; label: string };
};

/** Shown for an emailed link that does not work: the reason, and a link to go on. */
export function DeadLink({ purpose, problem, exit = usualExit() }: DeadLinkProps) {
  return (
    <MessagePage
      title="This link does not work"
      exit={<ButtonLink href={exit.href}>{exit.label}</ButtonLink>}
    >
      {problemSentence(purpose, problem)}
    </MessagePage>
  );
}

function usualExit() {
  return features().mail
    ? { href: routes.forgotPassword, label: "Ask for a new password" }
    : { href: routes.login, label: "Go to the login page" };
}

/** Why a link for this purpose does not work, and what to do. */
function problemSentence(purpose: LinkPurpose, problem: LinkProblem): string {
  switch (problem) {
    case "incomplete":
      return "It is not the whole link: a part of it is missing or changed. Copy all of it from the email into the address bar.";
    case "closed":
      return "This browser does not have it open. Open the link in the email again.";
    case "spent":
      return spentSentence(purpose);
  }
}
