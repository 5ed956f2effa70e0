import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ConfirmSection } from "@/components/confirm-section";
import { hasSecondFactor } from "@/lib/accounts/factors";
import { requireUser } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/request";
import { REMOVE_APP, RemoveAppForm } from "./remove-app";

export const metadata: Metadata = { title: "Remove the authenticator app" };

export default async function RemoveAuthenticatorPage() {
  const user = await requireUser();
  const hasNone = !(await hasSecondFactor(user.id)) && !(await isAnsweringForm());
  if (hasNone || env().requireTwoFactor) notFound();
  return (
    <ConfirmSection question={REMOVE_APP} cancelTo={routes.accountTwoFactor}>
      <RemoveAppForm />
    </ConfirmSection>
  );
}
