export const dynamic = "force-dynamic";

/** Says that this process lives. It asks no other part, so that an outage elsewhere restarts nothing here. */
export function GET(): Response {
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}
