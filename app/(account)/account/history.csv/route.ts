import { historyCsv } from "@/lib/accounts/history";
import { currentUser } from "@/lib/auth";
import { routes, sessionEndedPathFor } from "@/lib/shared/routes";

export const dynamic = "force-dynamic";

/** The history of the person who asks, as a file. A visitor is sent to the login, and to the page of the history after it. */
export async function GET(): Promise<Response> {
  const user = await currentUser();
  if (!user) {
    const location = sessionEndedPathFor(routes.accountHistory);
    return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
  }
  return new Response(streamOf(historyCsv(user.id)), {
    headers: {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": 'attachment; filename="account-history.csv"',
      "cache-control": "no-store",
    },
  });
}

/** Lines are made as the reader takes them: a long history is never in memory as a whole. */
function streamOf(lines: AsyncGenerator<string, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await lines.return();
    },
  });
}
