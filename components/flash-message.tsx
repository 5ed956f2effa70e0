"use client";

import { usePathname } from "next/navigation";
import { useState } from "react";
import { usePage } from "@/components/form/page-context";
import { Alert } from "@/components/ui/alert";
import { WaysOut } from "@/components/ways-out";
import { type FlashKey, type FlashMessageContent, flashMessages } from "@/lib/shared/flash-messages";

/**
 * A flash message for one page. It goes when a form of the page answers: what that says is newer. The layout survives a
 * change of page inside the browser, so the message hides itself there too.
 */
export function FlashMessage({ message }: { message: FlashKey }) {
  const pathname = usePathname();
  const [arrivedAt] = useState(pathname);
  const { isAnswered } = usePage();
  if (isAnswered || pathname !== arrivedAt) return null;
  const { kind, text, waysOut = [] }: FlashMessageContent = flashMessages[message];
  return (
    <div className="mx-auto mb-4 snug:mb-6 w-full max-w-card px-4">
      <Alert kind={kind} data-flash={message}>
        {text}
        <WaysOut ways={waysOut} />
      </Alert>
    </div>
  );
}
