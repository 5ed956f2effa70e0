import type { ReactNode } from "react";
import { AccountSection } from "@/components/account-section";
import type { Confirmation } from "@/components/confirm-button";
import { ButtonLink } from "@/components/ui/button";

interface ConfirmSectionProps {
  /** What {@link ConfirmButton} asks in a dialog. */
  question: Confirmation;
  /** Where "Cancel" leads back to. */
  cancelTo: string;
  /** The form that does it. */
  children: ReactNode;
}

/** The page that asks to be sure where no script runs, or in a tab of its own. */
export function ConfirmSection({ question: { title, text }, cancelTo, children }: ConfirmSectionProps) {
  return (
    <AccountSection title={title} intro={text}>
      <div className="mt-6 grid gap-3">
        {children}
        <ButtonLink href={cancelTo} look="quiet">
          Cancel
        </ButtonLink>
      </div>
    </AccountSection>
  );
}
