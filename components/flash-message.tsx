"use client";

import { usePathname } from "next/navigation";
import { useState } from "react";
import { usePage } from "@/components/form/page-context";
import { useHydrated } from "@/components/form/use-hydrated";
import { Alert } from "@/components/ui/alert";
import { WaysOut } from "@/components/ways-out";
import type { FlashKey, FlashMessageContent } from "@/lib/shared/flash-messages";

type FlashMessageProps = {
  message: FlashKey;
  /** What it says. From the server: all the others are no part of the page's script. */
  content: FlashMessageContent;
};

/**
 * A flash message for one page. It goes when a form of the page answers: what that says is newer. The layout survives a
 * change of page inside the browser, so the message hides itself there too.
 */
export function FlashMessage({ message, content }: FlashMessageProps) {
  const pathname = usePathname();
  const [arrivedAt] = useState(pathname);
  const { isAnswered } = usePage();
  const isHydrated = useHydrated();
  if (isAnswered || pathname !== arrivedAt) return null;
  const { kind, text, more, waysOut = [] } = content;
  return (
    <div className="mx-auto mb-4 w-full max-w-page px-4 group-has-data-[column=card]:max-w-card snug:mb-6">
      <Alert kind={kind} data-flash={message}>
        {/* A screen reader speaks what changes in an element that it knows: the words come anew once the script runs. */}
        <span key={String(isHydrated)}>
          {text}
          {more && <span className="mt-1 block">{more}</span>}
          <WaysOut ways={waysOut} />
        </span>
      </Alert>
    </div>
  );
}
