import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { routes } from "@/lib/shared/routes";
import { endOtherSessionsAction } from "../actions";

export const END_OTHERS: Confirmation = {
  href: routes.accountEndOthers,
  title: "End all other sessions?",
  text: "Every browser but this one has to log in again.",
};

export function EndOthersForm() {
  return <ButtonForm action={endOtherSessionsAction} label="End all other sessions" busyLabel="Ending…" />;
}
