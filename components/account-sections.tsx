import { routes } from "@/lib/routes";
import { NavLink } from "./nav-link";

/** Every section of the account, a page each. */
const SECTIONS = [{ href: routes.account, label: "Profile" }] as const;

/** The sections at the left, or above on a phone. */
export function AccountSections() {
  return (
    <nav aria-label="Account sections">
      <ul className="-mx-3 flex flex-wrap wide:mx-0 wide:grid">
        {SECTIONS.map(({ href, label }) => (
          <li key={href}>
            <NavLink href={href}>{label}</NavLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}
