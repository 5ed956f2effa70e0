import type { Metadata } from "next";
import { listKeptUsernames } from "@/lib/accounts/change-username";
import { picturePathOf, requireUser } from "@/lib/auth";
import { env } from "@/lib/platform/env";
import { type FlashMessageContent, flashMessages } from "@/lib/shared/flash-messages";
import { formatDay } from "@/lib/shared/moment";
import { USERNAME_HINT } from "@/lib/shared/schemas";
import { shownFlash } from "@/lib/web/flash";
import { type Day, Profile } from "./profile";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const user = await requireUser();
  const [refusal, kept] = await Promise.all([
    pictureRefusal(),
    user.hasFormerUsernames ? listKeptUsernames(user) : [],
  ]);
  return (
    <Profile
      username={user.username}
      name={user.name}
      email={user.email}
      memberSince={dayOf(user.createdAt)}
      picture={picturePathOf(user)}
      refusal={refusal}
      pictureFaults={PICTURE_FAULTS}
      kept={kept.map(({ username, until }) => ({ username, until: dayOf(until) }))}
      usernameHint={USERNAME_HINT}
      appName={env().appName}
    />
  );
}

const PICTURE_FAULTS = {
  missing: flashMessages["picture-missing"].text,
  tooLarge: flashMessages["picture-too-large"].text,
};

function dayOf(at: Date): Day {
  return { words: formatDay(at), date: at.toISOString() };
}

/** What the route of the picture's form has said of it; null: nothing. */
async function pictureRefusal(): Promise<string | null> {
  const message = await shownFlash();
  if (message === null) return null;
  const { isAtPicture, text }: FlashMessageContent = flashMessages[message];
  return isAtPicture === true ? text : null;
}
