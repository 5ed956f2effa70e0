import { askForProofBy } from "@/lib/accounts/login/prove-passkey";
import { hasTokenShape } from "@/lib/platform/crypto/token";
import { features } from "@/lib/platform/env";
import { PAGE_HEADER } from "@/lib/shared/passkeys";

export const dynamic = "force-dynamic";

/**
 * The question that any passkey of this site can answer, for the script of a login page, and bound to that page by its secret.
 * Nothing is looked up, so it tells nothing about any account, and no cookie is set: a visitor who has only looked at the page
 * has none.
 */
export async function GET(request: Request): Promise<Response> {
  const headers = { "Cache-Control": "no-store" };
  const page = request.headers.get(PAGE_HEADER) ?? "";
  if (!features().passkeys || !hasTokenShape(page))
    return Response.json({ error: "not found" }, { status: 404, headers });
  return Response.json(await askForProofBy({ purpose: "log-in", subject: page }), { headers });
}
