import type { Metadata } from "next";
import { AccountSection } from "@/components/account-section";
import { ButtonForm } from "@/components/form/button-form";
import { requireUser } from "@/lib/auth";
import { exportDataAction } from "./actions";

export const metadata: Metadata = { title: "Your data" };

export default async function AccountDataPage() {
  await requireUser();
  return (
    <AccountSection title="Your data" intro="Everything this site keeps about you, as one JSON file.">
      <ButtonForm
        action={exportDataAction}
        label="Download your data"
        busyLabel="Preparing…"
        className="mt-6"
      />
    </AccountSection>
  );
}
