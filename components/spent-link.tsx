import { NoticePage } from "@/components/notice-page";
import { ButtonLink } from "@/components/ui/button";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";

/** For whoever comes by a mailed link that opens nothing. `children`: why that may be, in one sentence. */
export function SpentLink({ children }: { children: string }) {
  const exit = features().mail
    ? { href: routes.forgotPassword, label: "Ask for a new password" }
    : { href: routes.login, label: "Go to the login page" };
  return (
    <NoticePage title="This link does not work" exit={<ButtonLink href={exit.href}>{exit.label}</ButtonLink>}>
      {children}
    </NoticePage>
  );
}
