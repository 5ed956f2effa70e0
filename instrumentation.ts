import type { Instrumentation } from "next";

/** Called by every Next server once, before the first request, and never during a build. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { endUnstarted } = await import("@/lib/server/explain");
  try {
    const { limitBodies } = await import("@/lib/server/body-limit");
    limitBodies();
    const { keepActionsAtTheirPages } = await import("@/lib/server/own-actions");
    keepActionsAtTheirPages();
    const { correctStatuses } = await import("@/lib/server/answer-status");
    correctStatuses();
    const { prepareServer } = await import("@/lib/server/prepare");
    await prepareServer({ knowsClients: false });
    const { holdServedBuild } = await import("@/lib/server/served-build");
    holdServedBuild();
    const { watchArrivals } = await import("@/lib/server/arrivals");
    watchArrivals();
    // Loaded only now: the database's client reads the settings while loading.
    const { DELIVERY } = await import("@/lib/mail/delivery");
    const { CLEAN_UP } = await import("@/lib/accounts/clean-up");
    const { runInBackground } = await import("@/lib/platform/background");
    const { startWatching } = await import("@/lib/platform/health");
    const { lookUpProviders } = await import("@/lib/platform/providers/ask-provider");
    for (const work of [DELIVERY, CLEAN_UP]) runInBackground(work);
    startWatching();
    lookUpProviders();
  } catch (error) {
    endUnstarted(error); // thrown on, Next would print it with a stack, or keep a module it cannot find to itself
  }
}

/** Called by Next for what a page, action or route threw: an answer that failed for want of the database says 503. */
export const onRequestError: Instrumentation.onRequestError = async (error, request) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { reportRequestFailure } = await import("@/lib/web/failures");
  reportRequestFailure(error, request);
};
