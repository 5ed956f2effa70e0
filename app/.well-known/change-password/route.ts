import { routes } from "@/lib/shared/routes";

export const dynamic = "force-dynamic";

/** Leads a password manager to the page that changes a password. Relative, so that it holds behind any proxy. */
export function GET(): Response {
  const headers = { location: routes.accountPassword, "cache-control": "no-store" };
  return new Response(null, { status: 303, headers });
}
