import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { AccountSection } from "@/components/account-section";
import { ConfirmButton } from "@/components/confirm-button";
import { AcceptedPasskeys } from "@/components/passkeys/accepted-passkeys";
import { PasskeyForm } from "@/components/passkeys/passkey-form";
import { Alert } from "@/components/ui/alert";
import { ButtonLink } from "@/components/ui/button";
import { Item, ItemFact, ItemList } from "@/components/ui/item-list";
import { Moment } from "@/components/ui/moment";
import { TextLink } from "@/components/ui/text-link";
import { findFirstAsked } from "@/lib/accounts/factors";
import { acceptedPasskeys, listPasskeys, type ShownPasskey } from "@/lib/accounts/passkeys/own-passkeys";
import { requireUser } from "@/lib/auth";
import { env, features } from "@/lib/platform/env";
import { renamePasskeyPathFor, routes } from "@/lib/shared/routes";
import { addPasskeyAction, askForNewAction } from "./actions";
import { RemovePasskeyForm, removalOf } from "./remove/remove-passkey";

export const metadata: Metadata = { title: "Passkeys" };

/** The passkeys of who is logged in. It shows no secret, so a login is enough to look at it. */
export default async function PasskeysPage() {
  const user = await requireUser();
  const passkeys = await listPasskeys(user.id);
  if (!features().passkeys && passkeys.length === 0) notFound();
  const { publicUrl } = env();
  const accepted = await acceptedPasskeys(user.id, passkeys);
  const hasApp = (await findFirstAsked(user.id)) === "app";
  return (
    <AccountSection
      title="Passkeys"
      intro="A passkey logs you in with the fingerprint, face or PIN of your device, or with a security key. There is nothing to type, and nothing that a forged page could learn."
    >
      {passkeys.length > 0 && (
        <ItemList>
          {passkeys.map((passkey, index) => (
            <PasskeyItem key={passkey.id} passkey={passkey} index={index} />
          ))}
        </ItemList>
      )}
      {features().passkeys && (
        <PasskeyForm
          kind="create"
          ask={askForNewAction}
          action={addPasskeyAction}
          look="primary"
          label="Add a passkey"
          busyLabel="Waiting for your device…"
          className="mt-6"
        />
      )}
      {hasApp && (
        <p className="mt-6 text-muted">
          The authenticator app and the recovery codes of your account are under{" "}
          <TextLink href={routes.accountTwoFactor}>Two-factor</TextLink>.
        </p>
      )}
      <AcceptedPasskeys
        rpId={publicUrl.hostname}
        accepted={accepted}
        name={user.email}
        displayName={user.username}
      />
    </AccountSection>
  );
}

function PasskeyItem({ passkey, index }: { passkey: ShownPasskey; index: number }) {
  const { id, name, authenticator, isBackedUp, createdAt, lastUsedAt, copiedAt } = passkey;
  const titleId = `passkey-${index + 1}`;
  return (
    <Item
      id={titleId}
      title={name}
      action={
        <div className="grid grid-cols-2 gap-3">
          <ButtonLink href={renamePasskeyPathFor(id)} look="quiet" aria-describedby={titleId}>
            Rename
          </ButtonLink>
          <ConfirmButton {...removalOf(passkey)} label="Remove">
            <RemovePasskeyForm id={id} />
          </ConfirmButton>
        </div>
      }
    >
      {copiedAt && (
        <Alert kind="danger" className="my-2">
          It was copied: one of two was refused <Moment at={copiedAt} isAgo />. Remove it.
        </Alert>
      )}
      {!passkey.isMadeForHere && <ItemFact>Made for {passkey.rpId}: it does not work here.</ItemFact>}
      <ItemFact>
        {authenticator !== null && authenticator !== name && `${authenticator} · `}
        {isBackedUp ? "kept on all your devices" : "kept on one device"}
      </ItemFact>
      <ItemFact>
        Added <Moment at={createdAt} isAgo />,{" "}
        {lastUsedAt ? (
          <>
            last used <Moment at={lastUsedAt} isAgo />
          </>
        ) : (
          "never used yet"
        )}
      </ItemFact>
    </Item>
  );
}
