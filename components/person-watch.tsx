"use client";

import { useEffect, useState } from "react";
import { usePage } from "@/components/form/page-context";
import { Alert } from "@/components/ui/alert";
import { TextLink } from "@/components/ui/text-link";

/** A file that was chosen is not kept. */
const SAID = {
  nobody:
    "You are logged out. Send what you have typed before you leave: you log in, and it is here again, passwords apart.",
  nobodyWithFile: "You are logged out. Log in, and choose the file again.",
  somebody: "You have logged in in another tab.",
  somebodyElse: "You have logged in to another account in another tab.",
};

type PersonWatchProps = {
  /** Who was logged in when the page was made; null: nobody. */
  userId: string | null;
  /** True where the page came with what had been typed before. */
  isTyped: boolean;
};

/**
 * Looks, whenever the page comes to the front again, whether it still shows the person it was made for: another tab may have
 * logged out, or in as somebody else. Then the page is loaded anew, or says so where something has been typed: what is sent
 * without a session is kept until the login.
 */
export function PersonWatch({ userId, isTyped }: PersonWatchProps) {
  const { underWay } = usePage();
  const [outdated, setOutdated] = useState<keyof typeof SAID>();

  useEffect(() => {
    let isAsking = false; // a window that gets the focus comes to the front as well
    async function look() {
      if (document.visibilityState !== "visible" || isAsking) return;
      isAsking = true;
      const now = await whoIsLoggedIn();
      isAsking = false;
      // What the page has sent may have logged in or out itself, and leads on: a press of "Log out" comes to the front first.
      if (now === undefined || underWay.size > 0) return;
      if (now === userId) return setOutdated(undefined);
      const typed = isTyped ? "text" : whatIsTyped();
      if (typed === null) window.location.reload();
      else if (now === null) setOutdated(typed === "text" ? "nobody" : "nobodyWithFile");
      else setOutdated(userId === null ? "somebody" : "somebodyElse");
    }
    function lookAfterBack({ persisted }: PageTransitionEvent) {
      if (!persisted) return;
      underWay.clear();
      void look();
    }
    document.addEventListener("visibilitychange", look);
    window.addEventListener("focus", look);
    window.addEventListener("pageshow", lookAfterBack);
    return () => {
      document.removeEventListener("visibilitychange", look);
      window.removeEventListener("focus", look);
      window.removeEventListener("pageshow", lookAfterBack);
    };
  }, [userId, isTyped, underWay]);

  if (!outdated) return null;
  return (
    <Alert kind="info" className="mx-auto mb-6 max-w-card">
      {SAID[outdated]}{" "}
      {/* A plain link to the page itself would do nothing where the address has a fragment. */}
      <TextLink href="" onClick={() => window.location.reload()}>
        Reload this page
      </TextLink>
    </Alert>
  );
}

/** The account's id; null for nobody, undefined where there is no answer to go by. */
async function whoIsLoggedIn(): Promise<string | null | undefined> {
  try {
    const response = await fetch("/api/auth/session", { cache: "no-store" });
    if (!response.ok) return undefined;
    const session: { user?: { id?: unknown } } | null = await response.json();
    const id = session?.user?.id;
    return typeof id === "string" ? id : null;
  } catch {
    return undefined;
  }
}

/** What a reload would lose, a text before a file; null: nothing. */
function whatIsTyped(): "text" | "file" | null {
  const inputs = document.querySelectorAll<HTMLInputElement>("main input:not([type=hidden],[readonly])");
  const changed = [...inputs].filter(({ type, value, defaultValue, checked, defaultChecked }) =>
    type === "checkbox" ? checked !== defaultChecked : value !== defaultValue,
  );
  if (changed.some(({ type }) => type !== "file")) return "text";
  return changed.length > 0 ? "file" : null;
}
