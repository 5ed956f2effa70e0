"use client";

import type { Features } from "@/lib/shared/features";
import { routes } from "@/lib/shared/routes";
import { NavLink } from "./nav-link";

/** Every section of the account, a page each. */
const SECTIONS = [
  { href: routes.account, label: "Profile", needs: null },
  { href: routes.accountEmail, label: "Email", needs: "mail" },
  { href: routes.accountPassword, label: "Password", needs: null },
  { href: routes.accountPasskeys, label: "Passkeys", needs: "passkeys" },
  { href: routes.accountConnections, label: "Connections", needs: "connections" },
  { href: routes.accountTwoFactor, label: "Two-factor", needs: "twoFactor" },
  { href: routes.accountSessions, label: "Sessions", needs: null },
  { href: routes.accountHistory, label: "History", needs: null },
  { href: routes.accountData, label: "Your data", needs: null },
  { href: routes.accountDelete, label: "Delete account", needs: null },
] as const satisfies { href: string; label: string; needs: keyof Features | null }[];

/** The sections at the left, or above on a phone. */
export function AccountSections({ features }: { features: Features }) {
  const sections = SECTIONS.filter(({ needs }) => needs === null || features[needs]);
  return (
    <nav aria-label="Account sections" className="print:hidden">
      <ul className="flex flex-wrap gap-x-6 border-line wide:grid wide:border-l">
        {sections.map(({ href, label }) => (
          <li key={href}>
            <NavLink
              href={href}
              className="relative z-1 -mb-px flex min-h-11 items-center border-transparent border-b-2 text-muted transition-colors hover:text-ink aria-[current=page]:border-brass aria-[current=page]:font-semibold aria-[current=page]:text-ink wide:mb-0 wide:-ml-px wide:border-b-0 wide:border-l-2 wide:pl-4"
            >
              {label}
            </NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
