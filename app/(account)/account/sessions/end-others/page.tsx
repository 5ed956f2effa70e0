import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { ButtonLink } from "@/components/ui/button";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { END_OTHERS, EndOthersForm } from "./end-others";

export const metadata: Metadata = { title: "End all other sessions" };

export default async function EndOthersPage() {
  await requireUser();
  return (
    <AccountSection title={END_OTHERS.title} intro={END_OTHERS.text}>
      <div className="mt-6 grid gap-3">
        <EndOthersForm />
        <ButtonLink href={routes.accountSessions} look="quiet">
          Cancel
        </ButtonLink>
      </div>
    </AccountSection>
  );
}
