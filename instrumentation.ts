import type { Instrumentation } from "next";

/** Called by Next once, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const [{ startDelivery }, { startPurging }] = await Promise.all([
    import("@/lib/mail/outbox"),
    import("@/lib/accounts/clean-up"),
  ]);
  startDelivery();
  startPurging();
}

/** Called by Next for what a page, action or route threw: an answer that failed for want of the database says 503. */
export const onRequestError: Instrumentation.onRequestError = async (error, { method, path }) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const [{ reportFailure }, { pathOf }] = await Promise.all([
    import("@/lib/web/failures"),
    import("@/lib/platform/log"),
  ]);
  reportFailure(error, { method, path: pathOf(path) });
};
