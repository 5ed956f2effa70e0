import { createHash, timingSafeEqual } from "node:crypto";
import { purge } from "@/lib/accounts/clean-up";
import { deliverDue } from "@/lib/mail/delivery";
import { env } from "@/lib/platform/env";

export const dynamic = "force-dynamic";

const headers = { "Cache-Control": "no-store" };

/**
 * Sends the emails that are due and deletes what has expired, for hosts where no process stays running: a scheduler calls it
 * every minute or so, with `Authorization: Bearer $TASKS_SECRET`. Without that setting the route is a 404. To call it more
 * often, or twice at once, does no harm.
 */
async function runTasks(request: Request): Promise<Response> {
  const { tasksSecret } = env();
  if (tasksSecret === undefined) return Response.json({ error: "not found" }, { status: 404, headers });
  if (!isSame(request.headers.get("authorization") ?? "", `Bearer ${tasksSecret}`))
    return Response.json(
      { error: "unauthorized" },
      { status: 401, headers: { ...headers, "WWW-Authenticate": "Bearer" } },
    );
  await deliverDue();
  await purge();
  return Response.json({ status: "ok" }, { headers });
}

/** Hashes have one length, so the comparison takes one time (ASVS v5.0.0-11.2.4). */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

export { runTasks as GET, runTasks as POST };
