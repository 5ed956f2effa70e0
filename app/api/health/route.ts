export const dynamic = "force-dynamic";

/** Whether this process lives; it asks nobody else, so that an outage elsewhere restarts nothing here. */
export function GET(): Response {
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}
