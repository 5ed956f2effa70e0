import { ButtonForm } from "@/components/form/button-form";
import type { FormAction } from "@/components/form/use-server-action";
import { TextLink } from "@/components/ui/text-link";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";

type VerifyBannerProps = {
  user: { email: string; isVerified: boolean } | null;
  /** The page that is shown. */
  path: string;
  resendAction: FormAction;
};

/** One quiet line for someone whose address is not confirmed. Shows nothing without mail. */
export function VerifyBanner({ user, path, resendAction }: VerifyBannerProps) {
  if (!features().mail || !user || user.isVerified) return null;
  if (path.split("?", 1)[0] === routes.verifyEmail) return null;
  return (
    <aside aria-label="Confirm your email" className="border-line border-b bg-wash print:hidden">
      <div className="mx-auto flex max-w-page flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-1.5 text-small">
        <p className="wrap-anywhere">
          {user.email} is not confirmed yet. <TextLink href={routes.verifyEmail}>Confirm it</TextLink>
        </p>
        <ButtonForm action={resendAction} look="quiet" label="Send another email" busyLabel="Sending…" />
      </div>
    </aside>
  );
}
