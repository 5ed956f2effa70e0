import { exportData } from "@/lib/accounts/export-data";
import { requireRecentProof } from "@/lib/auth";
import { routes } from "@/lib/shared/routes";
import { flash } from "@/lib/web/flash";
import { clientInfo } from "@/lib/web/request";

/**
 * Everything that is kept about the person who is logged in, as a file. The page before it is for people whose proof is too
 * old, who were sent here by another site, or who have asked too often.
 */
export async function GET(request: Request): Promise<Response> {
  if (!isOwnNavigation(request)) return leadTo(routes.accountData);
  const { id, user } = await requireRecentProof(routes.accountData);
  const outcome = await exportData(user.id, id, await clientInfo());
  if (!outcome.ok) {
    await flash("too-many-exports");
    return leadTo(routes.accountData);
  }
  return new Response(`${JSON.stringify(outcome.data, null, 2)}\n`, {
    headers: {
      "content-type": "application/json; charset=utf-8",
      "content-disposition": `attachment; filename="account-data-${outcome.data.madeAt.slice(0, 10)}.json"`,
      "cache-control": "no-store",
    },
  });
}

/** False when a browser says that another site has led it here. */
function isOwnNavigation({ headers }: Request): boolean {
  return ["same-origin", "none", null].includes(headers.get("sec-fetch-site"));
}

function leadTo(location: string): Response {
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}
