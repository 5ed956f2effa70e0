import { isMailDelayed } from "@/lib/mail/delivery";
import { isReady, READY_RETRY_S } from "@/lib/platform/health";

export const dynamic = "force-dynamic";

/**
 * Says whether the database answers and can be written to, so whether visitors can be sent here. A mail server that is down
 * is mentioned and keeps the status. Says no more than that (ASVS v5.0.0-13.4.5).
 */
export async function GET(): Promise<Response> {
  const headers = { "Cache-Control": "no-store" };
  const isDelayed = (await isReady()) ? await isMailDelayed().catch(() => null) : null;
  if (isDelayed !== null)
    return Response.json({ status: "ok", ...(isDelayed && { mail: "delayed" }) }, { headers });
  return Response.json(
    { status: "unavailable" },
    { status: 503, headers: { ...headers, "Retry-After": String(READY_RETRY_S) } },
  );
}
