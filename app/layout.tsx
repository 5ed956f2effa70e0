import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { FlashMessage } from "@/components/flash-message";
import { PageProvider } from "@/components/form/page-context";
import { TypedBefore } from "@/components/form/typed-before";
import { PasskeyOffer } from "@/components/passkeys/passkey-offer";
import { PersonWatch } from "@/components/person-watch";
import { SiteFooter } from "@/components/site-footer";
import { SiteHeader } from "@/components/site-header";
import { VerifyBanner } from "@/components/verify-banner";
import {
  currentLeavingSession,
  currentPendingLogin,
  currentSession,
  mayOfferPasskey,
  newPageMarks,
  picturePathOf,
  takeTyped,
} from "@/lib/auth";
import { env, features } from "@/lib/platform/env";
import { brand } from "@/lib/shared/brand";
import { type FlashKey, type FlashMessageContent, flashMessages } from "@/lib/shared/flash-messages";
import { routes } from "@/lib/shared/routes";
import { shownFlash } from "@/lib/web/flash";
import { isAnsweringForm, requestedPath, typedBefore } from "@/lib/web/request";
import { addOfferedPasskeyAction, askForOfferedAction } from "./(account)/account/passkeys/offer-actions";
import { logoutAction } from "./(account)/logout/actions";
import { resendVerificationAction } from "./(auth)/verify-email/actions";
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
  const [message, path, typed, session, isAnswer] = await Promise.all([
    shownFlash(),
    requestedPath(),
    typedBefore(),
    currentSessionIfKnown(),
    isAnsweringForm(),
  ]);
  const user = session ? session.user : session;
  const reader = user === null ? await currentHalfwayIfKnown() : user;
  const kept = user ? await takeTyped(user) : null;
  const before = kept ?? { values: typed, form: null };
  return (
    <html lang="en">
      <body className="flex min-h-dvh flex-col bg-paper font-sans text-body text-ink">
        <a
          href="#main"
          className="sr-only rounded-control bg-ink px-4 py-3 font-semibold text-paper focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-20 focus:px-4 focus:py-3"
        >
          Skip to content
        </a>
        <PageProvider marks={newPageMarks(reader ?? null)} origin={env().publicUrl.origin}>
          <SiteHeader
            siteName={env().appName}
            user={user && { name: user.name ?? user.username, picture: picturePathOf(user) }}
            logoutAction={logoutAction}
          />
          <VerifyBanner user={user ?? null} path={path} resendAction={resendVerificationAction} />
          <main id="main" tabIndex={-1} className="group flex-1 pt-6 pb-16 snug:pt-[min(8vh,4rem)]">
            {message && !isShownByPage(message, path) && (
              <FlashMessage message={message} content={flashMessages[message]} />
            )}
            {kept && <FlashMessage message="form-kept" content={flashMessages["form-kept"]} />}
            {user !== undefined && (
              <PersonWatch userId={user?.id ?? null} isTyped={Object.keys(before.values).length > 0} />
            )}
            {session && features().passkeys && (
              <PasskeyOffer
                isDue={!isAnswer && mayOfferPasskey(session, path)}
                ask={askForOfferedAction}
                add={addOfferedPasskeyAction}
              />
            )}
            <TypedBefore values={before.values} form={before.form}>
              {children}
            </TypedBefore>
          </main>
          <SiteFooter siteName={env().appName} />
        </PageProvider>
      </body>
    </html>
  );
}

/** True for a message that its page shows where it belongs. */
function isShownByPage(message: FlashKey, path: string): boolean {
  const { isAtPicture }: FlashMessageContent = flashMessages[message];
  return isAtPicture === true && path.replace(/[?#].*/s, "") === routes.account;
}

/** Null for a visitor; undefined while the database is down: then each page says so, or needs none. */
function currentSessionIfKnown() {
  return currentSession().catch(() => undefined);
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
