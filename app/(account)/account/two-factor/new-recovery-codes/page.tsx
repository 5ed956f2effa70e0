import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { ButtonLink } from "@/components/ui/button";
import { hasSecondFactor } from "@/lib/accounts/two-factor/factors";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { NEW_CODES, NewCodesForm } from "./new-codes";

export const metadata: Metadata = { title: "New recovery codes" };

export default async function NewRecoveryCodesPage() {
  const user = await requireUser();
  if (!(await hasSecondFactor(user.id))) notFound();
  return (
    <AccountSection title={NEW_CODES.title} intro={NEW_CODES.text}>
      <div className="mt-6 grid gap-3">
        <NewCodesForm />
        <ButtonLink href={routes.accountTwoFactor} look="quiet">
          Cancel
        </ButtonLink>
      </div>
    </AccountSection>
  );
}
