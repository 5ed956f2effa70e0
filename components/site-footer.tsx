"use client";

import { brand } from "@/lib/shared/brand";

/** The name of the site, and the links of `brand.ts` that are set. */
export function SiteFooter({ siteName }: { siteName: string }) {
  const links = brand.links.filter(({ href }) => href !== null);
  return (
    <footer className="border-line border-t print:hidden">
      <div className="mx-auto flex min-h-14 max-w-page flex-wrap items-center justify-between gap-x-6 px-4 text-muted text-small">
        <p className="wrap-anywhere">{siteName}</p>
        {links.length > 0 && (
          <nav aria-label="About this site">
            <ul className="-mr-2.5 flex flex-wrap">
              {links.map(({ label, href }) => (
                <li key={label}>
                  <a
                    href={href ?? undefined}
                    className="flex min-h-11 items-center rounded-control px-2.5 decoration-brass decoration-2 underline-offset-4 hover:underline"
                  >
                    {label}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        )}
      </div>
    </footer>
  );
}
