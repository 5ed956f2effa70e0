import type { Instrumentation } from "next";

/** Called by Next for what a page, action or route threw: an answer that failed for want of the database says 503. */
export const onRequestError: Instrumentation.onRequestError = async (error) => {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { noteUnavailable } = await import("@/lib/unavailable");
  noteUnavailable(error);
};
