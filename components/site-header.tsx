"use client";

import type { FormAction } from "@/components/form/use-server-action";
import { routes } from "@/lib/shared/routes";
import { KeyMark } from "./brand";
import { LogoutButton } from "./logout-button";
import { NavLink } from "./nav-link";
import { Avatar } from "./ui/avatar";

const LINK =
  "flex min-h-11 items-center rounded-control px-2.5 decoration-brass decoration-2 underline-offset-8 transition-colors " +
  "hover:bg-wash aria-[current]:underline snug:px-3";

type SiteHeaderProps = {
  siteName: string;
  /** Who is logged in; undefined where that is unknown: then neither pair of links is sure to be the right one. */
  user: { name: string; picture: string | null } | null | undefined;
  logoutAction: FormAction;
};

/** The name of the site, and two links that depend on who is asking. */
export function SiteHeader({ siteName, user, logoutAction }: SiteHeaderProps) {
  return (
    <header className="border-line border-b print:border-0">
      <nav
        aria-label="Main"
        className="relative mx-auto flex min-h-14 max-w-page flex-wrap items-center justify-between px-4"
      >
        <NavLink
          href={routes.home}
          className="-mx-1.5 flex min-h-11 items-center gap-1 rounded-control px-1.5 font-semibold tracking-tight transition-colors hover:bg-wash snug:text-lead"
        >
          <KeyMark className="size-6" />
          <span className="min-w-0 wrap-anywhere">{siteName}</span>
        </NavLink>
        {user !== undefined && (
          <div className="-mr-2.5 flex items-center snug:-mr-3 print:hidden">
            {user === null ? (
              <>
                <NavLink href={routes.login} className={LINK}>
                  Log in
                </NavLink>
                <NavLink href={routes.register} className={LINK}>
                  Register
                </NavLink>
              </>
            ) : (
              <>
                <NavLink href={routes.account} isSection className={LINK}>
                  <Avatar {...user} className="mr-2 hidden size-7 text-small snug:grid" />
                  Account
                </NavLink>
                <LogoutButton action={logoutAction} className={LINK} />
              </>
            )}
          </div>
        )}
      </nav>
    </header>
  );
}
