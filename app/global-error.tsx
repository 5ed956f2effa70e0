"use client";

import { MessagePage } from "@/components/message-page";
import { buttonClasses } from "@/components/ui/button";
import { routes } from "@/lib/shared/routes";
import "./globals.css";

/** Shown when the root layout failed, so it brings its own document. It gets no settings, so it names no product. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  return (
    <html lang="en">
      <body className="min-h-dvh bg-paper font-sans text-body text-ink">
        <title>Something went wrong</title>
        <main className="pt-6 snug:pt-[min(8vh,4rem)]">
          <MessagePage
            title="Something went wrong"
            exit={
              <a className={buttonClasses()} href={routes.home}>
                Go to the home page
              </a>
            }
            requestId={error.digest}
          >
            The fault is on our side, and it has been written down. Try again in a moment.
          </MessagePage>
        </main>
      </body>
    </html>
  );
}
