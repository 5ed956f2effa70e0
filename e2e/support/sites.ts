import type { DatabaseKind } from "../../lib/testing/look-in";
import { noteInstallation } from "./cookie-jar";
import type { ServerKind } from "./server";

/** Where the app runs for the length of the run, and what it keeps its data in. */
export interface Site {
  origin: string;
  installation: string;
  dataDir: string;
  databaseUrl: string;
}

/** What a run chooses for its stories. */
export interface SiteKind {
  databaseKind: DatabaseKind;
  serverKind: ServerKind;
}

/** What the run's own process leaves for the processes that tell the stories. */
const VARIABLE = "LATCHKEY_E2E_SITES";

export function announceSites(sites: [SiteKind, Site][]): void {
  process.env[VARIABLE] = JSON.stringify(
    Object.fromEntries(sites.map(([kind, site]) => [nameOf(kind), site])),
  );
}

/** The app on one database, under one server. @throws Error outside a run. */
export function siteOn(kind: SiteKind): Site {
  const sites: Record<string, Site> = JSON.parse(process.env[VARIABLE] ?? "{}");
  const site = sites[nameOf(kind)];
  if (!site) throw new Error("no site: stories run through e2e/playwright.config.ts");
  noteInstallation(site.origin, site.installation);
  return site;
}

function nameOf({ databaseKind, serverKind }: SiteKind): string {
  return `${serverKind} on ${databaseKind}`;
}
