import type { Metadata } from "next";
import type { ReactNode } from "react";
import { AccountSection } from "@/components/account-section";
import { ButtonForm } from "@/components/form/button-form";
import { ButtonLink } from "@/components/ui/button";
import { findLockEffects } from "@/lib/accounts/lock-account";
import { requireUser } from "@/lib/auth";
import { features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";
import { listed } from "@/lib/shared/words";
import { endOtherSessionsAction } from "../../sessions/actions";
import { lockOwnAccountAction } from "./actions";

export const metadata: Metadata = { title: "This wasn’t me" };

const PASSKEYS = {
  title: "Look at your passkeys",
  text: "They log in whatever the password is. Remove any that is not yours.",
  href: routes.accountPasskeys,
  label: "See your passkeys",
};

const CONNECTIONS = {
  title: "Look at your connections",
  text: "Accounts elsewhere log in to yours whatever its password is. Disconnect any that is not yours.",
  href: routes.accountConnections,
  label: "See your connections",
};

export default async function NotMePage() {
  const user = await requireUser();
  const { formerAddress: former, hasPasskeys, hasConnections, canLockAlone } = await findLockEffects(user.id);
  const ways = listed([hasPasskeys && "passkeys", hasConnections && "connections"]);
  const looks = [hasPasskeys && PASSKEYS, hasConnections && CONNECTIONS].filter((each) => each !== false);
  const canLock = features().mail && user.isVerified;
  const toPresent = `We send a link to choose a new one to ${user.email}.`;
  const whereTo =
    former === null
      ? toPresent
      : `Your email address was changed lately: the account gets ${former} back, and we send a link to choose a new password there.`;
  return (
    <AccountSection
      title="This wasn’t me"
      intro="Wrong passwords alone are no harm: nobody got in. If somebody else did get in, put them out."
    >
      <div className="mt-6 divide-y divide-line border-line border-t">
        <Step
          title="Choose a new password"
          text={`Whoever knows the old one is kept out from then on.${ways ? ` Your ${ways} stay.` : ""}`}
        >
          <ButtonLink href={routes.accountPassword}>Choose a new password</ButtonLink>
        </Step>
        {looks.map(({ title, text, href, label }) => (
          <Step key={href} title={title} text={text}>
            <ButtonLink href={href} look="quiet">
              {label}
            </ButtonLink>
          </Step>
        ))}
        <Step title="End all other sessions" text="Every browser but this one has to log in again.">
          <ButtonForm
            action={endOtherSessionsAction}
            look="quiet"
            label="End all other sessions"
            busyLabel="Ending…"
          />
        </Step>
        {canLock && (
          <Step
            title="Lock your account"
            text={`Every device is logged out, this one too, and your password stops working at once. ${ways ? `Your ${ways} end. ` : ""}${whereTo}`}
          >
            <ButtonForm
              action={lockOwnAccountAction}
              look="danger"
              label="Lock my account"
              busyLabel="Locking…"
            />
          </Step>
        )}
        {canLock && (former !== null || canLockAlone) && (
          <Step
            title="If you cannot prove who you are"
            text={
              former !== null
                ? `Open the email that we sent to ${former} when your address was changed: its link takes the address back and locks the account, without a proof.`
                : `Somebody may have set up a factor that you do not have. Then lock the account alone: every device is logged out, and your password stops working. Its ${ways} stay, and let nobody in while it is locked. ${toPresent}`
            }
          >
            {canLockAlone && (
              <ButtonForm
                action={lockOwnAccountAction}
                hidden={{ extent: "lock" }}
                look="quiet"
                label="Lock it without a proof"
                busyLabel="Locking…"
              />
            )}
          </Step>
        )}
      </div>
    </AccountSection>
  );
}

function Step({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <section className="grid gap-3 py-4">
      <h3 className="font-semibold">{title}</h3>
      <p className="wrap-anywhere text-muted">{text}</p>
      {children}
    </section>
  );
}
