import type { Metadata } from "next";
import { ConfirmSection } from "@/components/confirm-section";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { REMOVE_PICTURE, RemovePictureForm } from "./remove-picture";

export const metadata: Metadata = { title: "Remove picture" };

export default async function RemovePicturePage() {
  await requireUser();
  return (
    <ConfirmSection question={REMOVE_PICTURE} cancelTo={routes.account}>
      <RemovePictureForm />
    </ConfirmSection>
  );
}
