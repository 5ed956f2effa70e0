"use client";

import type { ReactNode } from "react";
import { AccountSection } from "@/components/account-section";
import { ConfirmButton } from "@/components/confirm-button";
import { Avatar } from "@/components/ui/avatar";
import { USERNAME_LIMITS, USERNAME_RESERVED_DAYS } from "@/lib/shared/limits";
import { ChangeUsernameForm } from "./change-username-form";
import { DisplayNameForm } from "./display-name-form";
import { type PictureFaults, PictureForm } from "./picture-form";
import { REMOVE_PICTURE, RemovePictureForm } from "./remove-picture/remove-picture";

/** A day, for people and for programs: both are said by the server, so that the browser needs no words for it. */
export type Day = { words: string; date: string };

type ProfileProps = {
  username: string;
  /** What to call them, as they chose it; null: by the username. */
  name: string | null;
  email: string;
  memberSince: Day;
  /** The address of their picture; null: they have none. */
  picture: string | null;
  /** What was said of the picture they sent; null: nothing. */
  refusal: string | null;
  pictureFaults: PictureFaults;
  /** Names they have given up, and until when nobody else gets them. */
  kept: { username: string; until: Day }[];
  /** The rule for usernames in words. */
  usernameHint: string;
  appName: string;
};

/**
 * All of the profile page. It is the browser's, so that the page's data has what is this person's and none of the markup
 * around it a second time.
 */
export function Profile({
  username,
  name,
  email,
  memberSince,
  picture,
  refusal,
  pictureFaults,
  kept,
  usernameHint,
  appName,
}: ProfileProps) {
  return (
    <div className="grid gap-4">
      <AccountSection title="Profile" intro="How this site knows you.">
        <dl className="mt-6 divide-y divide-line border-line border-t">
          <Fact name="Username">{username}</Fact>
          {name !== null && <Fact name="Display name">{name}</Fact>}
          <Fact name="Email">{email}</Fact>
          <Fact name="Member since">
            <time dateTime={memberSince.date}>{memberSince.words}</time>
          </Fact>
        </dl>
      </AccountSection>
      <AccountSection id="picture" title="Picture" intro="Of you, or of anything else. Only you see it.">
        <div className="mt-6 grid gap-5 snug:grid-cols-[6rem_1fr] snug:gap-6">
          <Avatar name={name ?? username} picture={picture} className="size-24 text-display" />
          <div className="grid gap-5">
            <PictureForm refusal={refusal} faults={pictureFaults} />
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
        <DisplayNameForm name={name} />
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
                <time dateTime={until.date}>{until.words}</time>.
              </li>
            ))}
          </ul>
        )}
        <ChangeUsernameForm username={username} hint={usernameHint} appName={appName} />
      </AccountSection>
    </div>
  );
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
