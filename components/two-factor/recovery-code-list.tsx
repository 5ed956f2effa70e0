"use client";

import { useState } from "react";
import { useHydrated } from "@/components/form/use-hydrated";
import { Button, ButtonLink } from "@/components/ui/button";
import { groupedBy4 } from "@/lib/shared/two-factor";

type RecoveryCodeListProps = {
  codes: string[];
  /** What the site is called, for the head of the file. */
  siteName: string;
  /** Whose they are. */
  email: string;
};

/** Recovery codes, shown this once: to be copied, saved as a file or printed. The file needs no script. */
export function RecoveryCodeList({ codes, siteName, email }: RecoveryCodeListProps) {
  const isHydrated = useHydrated();
  const [said, setSaid] = useState("");
  const lines = codes.map(groupedBy4);
  const file = [`Recovery codes of ${email} at ${siteName}. Each works once.`, "", ...lines, ""].join("\n");

  async function copy() {
    await navigator.clipboard.writeText(lines.join("\n")).then(
      () => setSaid("The codes are copied."),
      () => setSaid("Your browser does not let us copy. Select the codes and copy them yourself."),
    );
  }

  return (
    <>
      <p className="mt-4 hidden print:block">
        Recovery codes of {email} at {siteName}. Each works once.
      </p>
      <ol className="mt-4 grid gap-x-6 gap-y-1.5 rounded-control border border-line p-4 font-mono text-small snug:text-body">
        {lines.map((line) => (
          <li key={line} className="wrap-anywhere">
            {line}
          </li>
        ))}
      </ol>
      <div className="mt-5 flex flex-wrap gap-3 print:hidden">
        <ButtonLink
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(file)}`}
          download="recovery-codes.txt"
          look="quiet"
          className="grow"
        >
          Download
        </ButtonLink>
        {isHydrated && (
          <>
            <Button look="quiet" onClick={copy} className="grow">
              Copy
            </Button>
            <Button look="quiet" onClick={() => window.print()} className="grow">
              Print
            </Button>
          </>
        )}
      </div>
      <p role="status" className="mt-3 text-muted text-small empty:hidden print:hidden">
        {said}
      </p>
    </>
  );
}
