import type { Metadata } from "next";
import type { ReactNode } from "react";
import { AccountSection } from "@/components/account-section";
import { ConfirmButton } from "@/components/confirm-button";
import { Avatar } from "@/components/ui/avatar";
import { listKeptUsernames } from "@/lib/accounts/change-username";
import { currentPicturePath, requireUser } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { type FlashMessageContent, flashMessages } from "@/lib/shared/flash-messages";
import { USERNAME_LIMITS, USERNAME_RESERVED_DAYS } from "@/lib/shared/limits";
import { formatDay } from "@/lib/shared/moment";
import { USERNAME_HINT } from "@/lib/shared/schemas";
import { shownFlash } from "@/lib/web/flash";
import { ChangeUsernameForm } from "./change-username-form";
import { DisplayNameForm } from "./display-name-form";
import { PictureForm } from "./picture-form";
import { REMOVE_PICTURE, RemovePictureForm } from "./remove-picture/remove-picture";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const user = await requireUser();
  const [picture, kept] = await Promise.all([currentPicturePath(), listKeptUsernames(user)]);
  return (
    <div className="grid gap-4">
      <AccountSection title="Profile" intro="How this site knows you.">
        <dl className="mt-6 divide-y divide-line border-line border-t">
          <Fact name="Username">{user.username}</Fact>
          {user.name !== null && <Fact name="Display name">{user.name}</Fact>}
          <Fact name="Email">{user.email}</Fact>
          <Fact name="Member since">
            <time dateTime={user.createdAt.toISOString()}>{formatDay(user.createdAt)}</time>
          </Fact>
        </dl>
      </AccountSection>
      <AccountSection id="picture" title="Picture" intro="Of you, or of anything else. Only you see it.">
        <div className="mt-6 grid gap-5 snug:grid-cols-[6rem_1fr] snug:gap-6">
          <Avatar name={user.name ?? user.username} picture={picture} className="size-24 text-display" />
          <div className="grid gap-5">
            <PictureForm refusal={await pictureRefusal()} />
            {picture !== null && (
              <ConfirmButton {...REMOVE_PICTURE} label="Remove picture">
                <RemovePictureForm />
              </ConfirmButton>
            )}
          </div>
        </div>
      </AccountSection>
      <AccountSection
        id="name"
        title="Name"
        intro="What this site calls you when it greets you. Emails keep to your username."
      >
        <DisplayNameForm name={user.name} />
      </AccountSection>
      <AccountSection
        id="change-username"
        title="Username"
        intro={`You can choose a new one ${timesInWords(USERNAME_LIMITS.newNames)} in ${USERNAME_RESERVED_DAYS} days. For so long your former one stays yours: nobody else gets it, and you can take it back.`}
      >
        {kept.length > 0 && (
          <ul className="mt-4 grid gap-1">
            {kept.map(({ username, until }) => (
              <li key={username} className="wrap-anywhere">
                <strong>{username}</strong> is kept for you until{" "}
                <time dateTime={until.toISOString()}>{formatDay(until)}</time>.
              </li>
            ))}
          </ul>
        )}
        <ChangeUsernameForm username={user.username} hint={USERNAME_HINT} appName={env().appName} />
      </AccountSection>
    </div>
  );
}

/** What the route of the picture's form has said of it; null: nothing. */
async function pictureRefusal(): Promise<string | null> {
  const message = await shownFlash();
  if (message === null) return null;
  const { isAtPicture, text }: FlashMessageContent = flashMessages[message];
  return isAtPicture === true ? text : null;
}

function timesInWords(times: number): string {
  return times === 2 ? "twice" : `${times} times`;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 py-3 snug:grid-cols-[9rem_1fr]">
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere font-medium">{children}</dd>
    </div>
  );
}
