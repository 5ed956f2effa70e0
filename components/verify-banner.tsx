import { ButtonForm } from "@/components/form/button-form";
import type { FormAction } from "@/components/form/use-server-action";
import { TextLink } from "@/components/ui/text-link";
import { routes } from "@/lib/shared/routes";

/** One quiet line for someone whose address is not confirmed. */
export function VerifyBanner({ email, resendAction }: { email: string; resendAction: FormAction }) {
  return (
    <aside aria-label="Confirm your email" className="border-line border-b bg-wash print:hidden">
      <div className="mx-auto flex max-w-page flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-1.5 text-small">
        <p className="wrap-anywhere">
          {email} is not confirmed yet. <TextLink href={routes.verifyEmail}>Confirm it</TextLink>
        </p>
        <ButtonForm action={resendAction} look="quiet" label="Send another email" busyLabel="Sending…" />
      </div>
    </aside>
  );
}
