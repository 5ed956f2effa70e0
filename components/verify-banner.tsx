import { TextLink } from "@/components/ui/text-link";
import { currentUser } from "@/lib/auth/guards";
import { canSendMail } from "@/lib/mail/outbox";
import { routes } from "@/lib/routes";

/** One quiet line for someone whose address is not confirmed. Nothing while that cannot be known, or mended. */
export async function VerifyBanner() {
  const user = canSendMail() ? await currentUser().catch(() => null) : null;
  if (!user || user.isVerified) return null;
  return (
    <aside aria-label="Email" className="border-line border-b bg-wash">
      <p className="wrap-anywhere mx-auto max-w-page px-4 py-2.5 text-small">
        {user.email} is not confirmed yet. <TextLink href={routes.verifyEmail}>Confirm it</TextLink>
      </p>
    </aside>
  );
}
