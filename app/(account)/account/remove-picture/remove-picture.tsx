import type { Confirmation } from "@/components/confirm-button";
import { ButtonForm } from "@/components/form/button-form";
import { routes } from "@/lib/shared/routes";
import { removePictureAction } from "../actions";

export const REMOVE_PICTURE: Confirmation = {
  href: routes.accountRemovePicture,
  title: "Remove your picture?",
  text: "It is deleted here at once, and your initial stands in its place.",
};

export function RemovePictureForm() {
  return (
    <ButtonForm action={removePictureAction} look="danger" label="Remove picture" busyLabel="Removing…" />
  );
}
