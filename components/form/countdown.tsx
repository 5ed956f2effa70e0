import { useEffect, useState } from "react";
import { SECOND_MS } from "@/lib/shared/units";
import { waitSentence } from "@/lib/shared/wait";

/** How long to wait, counted down for the eye. A screen reader is told at the beginning and at the end. */
export function Countdown({ seconds }: { seconds: number }) {
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    const endsAt = Date.now() + seconds * SECOND_MS;
    const timer = setInterval(() => {
      const now = Math.max(0, Math.ceil((endsAt - Date.now()) / SECOND_MS));
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, SECOND_MS);
    return () => clearInterval(timer);
  }, [seconds]);

  if (left === 0) return <span>You can try again now.</span>;
  return <span aria-live="off">{waitSentence(left)}</span>;
}
