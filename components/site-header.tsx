import { logoutAction } from "@/app/(account)/logout/actions";
import { currentUser } from "@/lib/auth/guards";
import { routes } from "@/lib/routes";
import { KeyMark } from "./brand";
import { LogoutButton } from "./logout-button";
import { NavLink } from "./nav-link";

/** The brand and two ways on, which depend on who is asking. */
export async function SiteHeader() {
  const who = await whoIsAsking();
  return (
    <header className="border-line border-b bg-paper">
      <nav
        aria-label="Main"
        className="relative mx-auto flex min-h-14 max-w-page flex-wrap items-center justify-between gap-x-4 px-4"
      >
        <NavLink
          href={routes.home}
          className="-ml-2 gap-1.5 px-2 font-semibold text-lead tracking-tight aria-[current=page]:no-underline"
        >
          <KeyMark className="size-6 rotate-45 text-brass" />
          Latchkey
        </NavLink>
        {who !== "unknown" && (
          <div className="-mr-3 flex items-center">
            {who === "visitor" ? (
              <>
                <NavLink href={routes.login}>Log in</NavLink>
                <NavLink href={routes.register}>Register</NavLink>
              </>
            ) : (
              <>
                <NavLink href={routes.account}>Account</NavLink>
                <LogoutButton action={logoutAction} />
              </>
            )}
          </div>
        )}
      </nav>
    </header>
  );
}

/** "unknown" while the database is down: then neither pair of links is sure to be the right one, and the page decides. */
async function whoIsAsking(): Promise<"visitor" | "user" | "unknown"> {
  try {
    return (await currentUser()) ? "user" : "visitor";
  } catch {
    return "unknown";
  }
}
