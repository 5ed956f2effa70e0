import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { ButtonLink } from "@/components/ui/button";
import { requireUser } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { REMOVE_PICTURE, RemovePictureForm } from "./remove-picture";

export const metadata: Metadata = { title: "Remove picture" };

export default async function RemovePicturePage() {
  await requireUser();
  return (
    <AccountSection title={REMOVE_PICTURE.title} intro={REMOVE_PICTURE.text}>
      <div className="mt-6 grid gap-3">
        <RemovePictureForm />
        <ButtonLink href={routes.account} look="quiet">
          Cancel
        </ButtonLink>
      </div>
    </AccountSection>
  );
}
