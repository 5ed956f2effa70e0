import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import {
  currentLeavingSession,
  currentPendingLogin,
  currentUser,
  newPageMarks,
  offersPasskey,
  picturePathOf,
  takeTyped,
} from "@/lib/auth";
import { env, features } from "@/lib/platform/env";
import type { SessionUser } from "@/lib/security/sessions";
import { brand } from "@/lib/shared/brand";
import { type FlashKey, type FlashMessageContent, flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { shownFlash } from "@/lib/web/flash";
import { isAnsweringForm, requestedPath, typedBefore } from "@/lib/web/request";
import { PageFrame } from "./page-frame";
import "./globals.css";

// Every page is made for its request: the nonce of the content security policy, the flash and the header depend on it.
export const dynamic = "force-dynamic";

/** A function, because the settings are those of the running server and not of the build. */
export function generateMetadata(): Metadata {
  const { appName } = env();
  return {
    title: { template: `%s · ${appName}`, default: appName },
    description: brand.sentence,
    applicationName: appName,
  };
}

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: brand.colors.light.paper },
    { media: "(prefers-color-scheme: dark)", color: brand.colors.dark.paper },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const [message, path, typed, user] = await Promise.all([
    shownFlash(),
    requestedPath(),
    typedBefore(),
    currentUserIfKnown(),
  ]);
  const reader = user === null ? await currentHalfwayIfKnown() : user;
  const kept = user ? await takeTyped(user) : null;
  const { values, form } = kept ?? { values: typed, form: null };
  const { appName, publicUrl } = env();
  return (
    <html lang="en">
      <body className="flex min-h-dvh flex-col bg-paper font-sans text-body text-ink">
        <PageFrame
          siteName={appName}
          marks={newPageMarks(reader ?? null)}
          origin={publicUrl.origin}
          person={user && { id: user.id, name: user.name ?? user.username, picture: picturePathOf(user) }}
          unconfirmed={user ? unconfirmedAt(user, path) : null}
          messages={messagesOf(message, path, kept !== null)}
          offersPasskey={
            user && features().passkeys ? !(await isAnsweringForm()) && (await offersPasskey()) : null
          }
          typed={{ values, form }}
        >
          {children}
        </PageFrame>
      </body>
    </html>
  );
}

/** What a page says before all else: the flash message, and that what was typed before is back. */
function messagesOf(message: FlashKey | null, path: string, isTypedBack: boolean) {
  const shown = message !== null && !isShownByPage(message, path) ? [message] : [];
  const keys: FlashKey[] = isTypedBack ? [...shown, "form-kept"] : shown;
  return keys.map((key) => ({ key, content: flashMessages[key] }));
}

/** The address to be confirmed; null where that is done, where nothing is sent, and on the page that is for it. */
function unconfirmedAt({ email, isVerified }: SessionUser, path: string): string | null {
  return features().mail && !isVerified && pathOf(path) !== routes.verifyEmail ? email : null;
}

/** True for a message that its page shows where it belongs. */
function isShownByPage(message: FlashKey, path: string): boolean {
  const { isAtPicture }: FlashMessageContent = flashMessages[message];
  return isAtPicture === true && pathOf(path) === routes.account;
}

/** A path without its query. */
function pathOf(path: string): string {
  return path.replace(/[?#].*/s, "");
}

/** Null for a visitor; undefined while the database is down: then each page says so, or needs none. */
function currentUserIfKnown() {
  return currentUser().catch(() => undefined);
}

/**
 * Somebody who has yet to say whether their account stays, or to show their second factor: the header is a visitor's, and the
 * forms are theirs alone.
 */
async function currentHalfwayIfKnown() {
  try {
    return (await currentLeavingSession())?.user ?? (await currentPendingLogin())?.user ?? null;
  } catch {
    return null;
  }
}
