"use client";

import type { ReactNode } from "react";
import { FlashMessage } from "@/components/flash-message";
import { PageProvider } from "@/components/form/page-context";
import { TypedBefore } from "@/components/form/typed-before";
import { PasskeyOffer } from "@/components/passkeys/passkey-offer";
import { PersonWatch } from "@/components/person-watch";
import { SiteFooter } from "@/components/site-footer";
import { SiteHeader } from "@/components/site-header";
import { VerifyBanner } from "@/components/verify-banner";
import type { TypedValues } from "@/lib/shared/action-state";
import type { FlashKey, FlashMessageContent } from "@/lib/shared/flash-messages";
import type { PageMarks } from "@/lib/shared/page-fields";
import { addOfferedPasskeyAction, askForOfferedAction } from "./(account)/account/passkeys/offer-actions";
import { logoutAction } from "./(account)/logout/actions";
import { resendVerificationAction } from "./(auth)/verify-email/actions";

type PageFrameProps = {
  siteName: string;
  /** What its forms carry. */
  marks: PageMarks;
  /** The site's public address. */
  origin: string;
  /** Who is logged in; null for a visitor, undefined where that is unknown. */
  person: { id: string; name: string; picture: string | null } | null | undefined;
  /** The address that they have yet to confirm; null: none, or it is not asked for here. */
  unconfirmed: string | null;
  /** What to say before all else. */
  messages: { key: FlashKey; content: FlashMessageContent }[];
  /** True where their browser may be asked to save a passkey; null: this site has none, or nobody is logged in. */
  offersPasskey: boolean | null;
  /** What was typed on this page before, and was not worked on. */
  typed: { values: TypedValues; form: string | null };
  children: ReactNode;
};

/**
 * All that is around a page. It is the browser's, so that the data of every page has what is of this person and this answer,
 * and none of the markup a second time.
 */
export function PageFrame({
  siteName,
  marks,
  origin,
  person,
  unconfirmed,
  messages,
  offersPasskey,
  typed,
  children,
}: PageFrameProps) {
  return (
    <>
      <a
        href="#main"
        className="sr-only rounded-control bg-ink px-4 py-3 font-semibold text-paper focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-20 focus:px-4 focus:py-3"
      >
        Skip to content
      </a>
      <PageProvider marks={marks} origin={origin}>
        <SiteHeader siteName={siteName} user={person} logoutAction={logoutAction} />
        {unconfirmed !== null && <VerifyBanner email={unconfirmed} resendAction={resendVerificationAction} />}
        <main id="main" tabIndex={-1} className="group flex-1 pt-6 pb-16 snug:pt-[min(8vh,4rem)]">
          {messages.map(({ key, content }) => (
            <FlashMessage key={key} message={key} content={content} />
          ))}
          {person !== undefined && (
            <PersonWatch userId={person?.id ?? null} isTyped={Object.keys(typed.values).length > 0} />
          )}
          {offersPasskey !== null && (
            <PasskeyOffer isDue={offersPasskey} ask={askForOfferedAction} add={addOfferedPasskeyAction} />
          )}
          <TypedBefore {...typed}>{children}</TypedBefore>
        </main>
        <SiteFooter siteName={siteName} />
      </PageProvider>
    </>
  );
}
