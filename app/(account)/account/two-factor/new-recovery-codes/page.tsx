import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ConfirmSection } from "@/components/confirm-section";
import { hasSecondFactor } from "@/lib/accounts/factors";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { NEW_CODES, NewCodesForm } from "./new-codes";

export const metadata: Metadata = { title: "New recovery codes" };

export default async function NewRecoveryCodesPage() {
  const user = await requireUser();
  if (!(await hasSecondFactor(user.id))) notFound();
  return (
    <ConfirmSection question={NEW_CODES} cancelTo={routes.accountTwoFactor}>
      <NewCodesForm />
    </ConfirmSection>
  );
}
