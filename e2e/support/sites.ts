import type { DatabaseKind } from "../../lib/testing/look-in";

/** Where the app runs for the length of the run, and what it keeps its data in. */
export interface Site {
  origin: string;
  databaseUrl: string;
}

/** What the run's own process leaves for the processes that tell the stories. */
const VARIABLE = "LATCHKEY_E2E_SITES";

export function announceSites(sites: Record<DatabaseKind, Site>): void {
  process.env[VARIABLE] = JSON.stringify(sites);
}

/** The app on one database. @throws Error outside a run. */
export function siteOn(kind: DatabaseKind): Site {
  const sites: Partial<Record<DatabaseKind, Site>> = JSON.parse(process.env[VARIABLE] ?? "{}");
  const site = sites[kind];
  if (!site) throw new Error("no site: stories run through e2e/playwright.config.ts");
  return site;
}
