import { env, features } from "@/lib/platform/env";
import { routes } from "@/lib/shared/routes";

export const dynamic = "force-dynamic";

/** Tells a password manager where passkeys are added and managed. */
export function GET(): Response {
  const headers = { "cache-control": "no-store" };
  if (!features().passkeys)
    return Response.json({ error: "There are no passkeys here." }, { status: 404, headers });
  const page = new URL(routes.accountPasskeys, env().publicUrl.origin).href;
  return Response.json({ enroll: page, manage: page }, { headers });
}
