import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { routes } from "@/lib/shared/routes";
import { makeRecoveryCodesAction } from "../actions";

export const NEW_CODES: Confirmation = {
  href: routes.accountNewRecoveryCodes,
  title: "Make new recovery codes?",
  text: "The ones you have do not work any more then.",
};

export function NewCodesForm() {
  return <ButtonForm action={makeRecoveryCodesAction} label="Make new codes" busyLabel="Making…" />;
}
