import { isMailDelayed } from "@/lib/mail/outbox";
import { isReady, READY_RETRY_S } from "@/lib/platform/health";

export const dynamic = "force-dynamic";

/**
 * Whether visitors can be sent here: the database answers. A mail server that takes no letters keeps nobody away, and is
 * mentioned. Says no more than that (ASVS v5.0.0-13.4.5).
 */
export async function GET(): Promise<Response> {
  const headers = { "Cache-Control": "no-store" };
  if (await isReady())
    return Response.json({ status: "ok", ...((await isMailDelayed()) && { mail: "delayed" }) }, { headers });
  return Response.json(
    { status: "unavailable" },
    { status: 503, headers: { ...headers, "Retry-After": String(READY_RETRY_S) } },
  );
}
