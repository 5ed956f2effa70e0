import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { Moment } from "@/components/ui/moment";
import { hasPassword } from "@/lib/accounts/change-password";
import { deletionEnd } from "@/lib/accounts/delete-account";
import { requireRecentProof, requireRecentSecondFactor } from "@/lib/auth";
import { DELETION_DAYS } from "@/lib/shared/limits";
import { DAY_MS, formatDuration } from "@/lib/shared/units";
import { DeleteAccountForm } from "./delete-account-form";

export const metadata: Metadata = { title: "Delete account" };

export default async function DeleteAccountPage() {
  const user = await requireRecentSecondFactor();
  const asksPassword = await hasPassword(user.id);
  if (!asksPassword) await requireRecentProof(); // there is no password to ask for in the act
  return (
    <AccountSection
      title="Delete account"
      intro={
        <>
          Every device is logged out at once. In {formatDuration(DELETION_DAYS * DAY_MS)}, on{" "}
          <Moment at={deletionEnd()} />, your account is erased, with everything that is kept about you.
        </>
      }
    >
      <p className="mt-3 text-muted">
        To keep it after all, log in before then. Afterwards anyone can register with your username and email
        address.
      </p>
      <DeleteAccountForm user={{ username: user.username, email: user.email }} asksPassword={asksPassword} />
    </AccountSection>
  );
}
