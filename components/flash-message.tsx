"use client";

import { usePathname } from "next/navigation";
import { useState } from "react";
import { Alert } from "@/components/ui/alert";
import { type NoticeKey, notices } from "@/lib/shared/flash-messages";

/** A notice for the page it arrived with. A layout outlives a change of page inside the browser, so it hides itself there. */
export function FlashMessage({ notice }: { notice: NoticeKey }) {
  const pathname = usePathname();
  const [arrivedAt] = useState(pathname);
  if (pathname !== arrivedAt) return null;
  const { kind, text } = notices[notice];
  return (
    <div className="mx-auto mb-4 snug:mb-6 w-full max-w-card px-4">
      <Alert kind={kind} data-flash={notice}>
        {text}
      </Alert>
    </div>
  );
}
