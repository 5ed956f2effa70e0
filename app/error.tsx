"use client";

import { MessagePage } from "@/components/message-page";
import { Button } from "@/components/ui/button";

/** Shown in the page's place when making it failed; the frame around it stands. */
export default function ErrorPage({
  error,
  retry,
}: {
  error: Error & { digest?: string };
  retry: () => void;
}) {
  return (
    <MessagePage
      title="Something went wrong"
      exit={<Button onClick={() => retry()}>Try again</Button>}
      requestId={error.digest}
    >
      The fault is on our side, and it has been written down. Try again in a moment.
    </MessagePage>
  );
}
