import type { Metadata } from "next";
import { ConfirmSection } from "@/components/confirm-section";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { END_OTHERS, EndOthersForm } from "./end-others";

export const metadata: Metadata = { title: "End all other sessions" };

export default async function EndOthersPage() {
  await requireUser();
  return (
    <ConfirmSection question={END_OTHERS} cancelTo={routes.accountSessions}>
      <EndOthersForm />
    </ConfirmSection>
  );
}
