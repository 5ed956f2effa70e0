import { rangeOf } from "@/lib/security/passwords/common-passwords/list";
import { RANGE_HEADER, rangeName } from "@/lib/shared/common-range";
import words from "@/lib/shared/common-words.json";

export const dynamic = "force-dynamic";

/** What was asked would tell something of what somebody typed, and compressed its length would. */
const KEPT_NOWHERE = { "Cache-Control": "no-store, no-transform" };

/**
 * The hashes of common passwords that begin with a prefix, for the strength meter: see `lib/shared/common-range.ts`. Looks at
 * no session. Another edition than this server's is not found, so that no meter goes by a list that is no longer in force.
 */
export async function GET(request: Request): Promise<Response> {
  const [, prefix = ""] = (request.headers.get(RANGE_HEADER) ?? "").split("/");
  const isInForce = request.headers.get(RANGE_HEADER) === rangeName(words.list, prefix);
  const range = isInForce ? rangeOf(prefix) : null;
  if (range === null) return Response.json({ error: "not found" }, { status: 404, headers: KEPT_NOWHERE });
  return new Response(range, { headers: { ...KEPT_NOWHERE, "Content-Type": "text/plain; charset=utf-8" } });
}
