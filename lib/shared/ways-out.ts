import type { WayOut } from "./action-state";
import { routes } from "./routes";

/** After a change of how the account is logged in to: a session that somebody else has would stay. */
export const END_OTHERS: readonly WayOut[] = [
  { href: routes.accountEndOthers, label: "End all other sessions" },
];
