import { rangeOf } from "@/lib/security/passwords/common-passwords/list";
import words from "@/lib/shared/common-words.json";

export const dynamic = "force-dynamic";

/** One edition of a range never changes. It is the same for everyone, so any cache may keep it. */
const FOR_EVER = { "Cache-Control": "public, max-age=31536000, immutable" };

/**
 * The hashes of common passwords that begin with `prefix`, for the strength meter: see `lib/shared/common-range.ts`. Looks at
 * no session. Another edition than this server's is not found, so that no meter goes by a list that is no longer in force.
 */
export async function GET(
  _: Request,
  { params }: { params: Promise<{ list: string; prefix: string }> },
): Promise<Response> {
  const { list, prefix } = await params;
  const range = list === words.list ? rangeOf(prefix) : null;
  if (range === null)
    return Response.json({ error: "not found" }, { status: 404, headers: { "Cache-Control": "no-store" } });
  return new Response(range, { headers: { ...FOR_EVER, "Content-Type": "text/plain; charset=utf-8" } });
}
