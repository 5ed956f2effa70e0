import { changePicture } from "@/lib/accounts/picture";
import { currentSession, madeFor } from "@/lib/auth";
import { widestNetwork } from "@/lib/platform/address";
import { env } from "@/lib/platform/env";
import type { FlashKey } from "@/lib/shared/flash-messages";
import { PAGE_FIELDS } from "@/lib/shared/page-fields";
import { routes, sessionEndedPathFor } from "@/lib/shared/routes";
import { markForm } from "@/lib/web/answer";
import { flash } from "@/lib/web/flash";
import { strictTransportSecurity } from "@/lib/web/hsts";
import { readPictureForm } from "@/lib/web/picture-form";
import { clientInfo } from "@/lib/web/request";
import { REFUSALS, refusal } from "@/lib/web/request-filter";

export const dynamic = "force-dynamic";

/** Somebody who loads this address again, or was led back to it by a login. */
export function GET(): Response {
  return leadTo(routes.account);
}

/**
 * Takes the form with a picture and leads back to its page, which says what has become of it. A route and no action: actions
 * take small forms, and the middleware, which is not asked here, would keep a copy. So this asks itself where the form comes
 * from (ASVS v5.0.0-3.5.1), and who sends it before it reads any of it.
 */
export async function POST(request: Request): Promise<Response> {
  markForm();
  const { pathname, search } = new URL(request.url);
  const header = (name: string) => request.headers.get(name);
  const refused = refusal({ method: request.method, url: pathname + search, header }, env().publicUrl);
  if (refused !== null)
    return answer(refused, { "content-type": "text/plain; charset=utf-8" }, `${REFUSALS[refused]}\n`);
  const session = await currentSession();
  if (!session) return leadTo(sessionEndedPathFor(routes.account));

  const client = await clientInfo();
  const readFile = async () => {
    const form = await readPictureForm(request, widestNetwork(client.ip) ?? session.user.id);
    if (!form.ok) return form;
    const isReaders = madeFor(session.user, form.fields[PAGE_FIELDS.reader]) === "this person";
    return isReaders ? form.file : ({ ok: false, reason: "page-outdated" } as const);
  };
  const outcome = await changePicture(session, readFile, client);
  if (!outcome.ok && outcome.reason === "session-over") return leadTo(sessionEndedPathFor(routes.account));
  await flash(outcome.ok ? "picture-changed" : (`picture-${outcome.reason}` satisfies FlashKey));
  return leadTo(routes.account);
}

function leadTo(location: string): Response {
  return answer(303, { location });
}

function answer(status: number, headers: Record<string, string>, body: string | null = null): Response {
  const hsts = strictTransportSecurity(env());
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "cache-control": "no-store",
      ...(hsts !== null && { "strict-transport-security": hsts }),
    },
  });
}
