import "server-only";
import { db } from "../../platform/db";
import { atOnce, inBatches, type Pace } from "../../platform/db/in-batches";
import { purgeFailures } from "./login-limits";

// All counts are in the app's own database, which every process and instance shares. When it does not answer, the error
// is thrown on and no attempt goes uncounted.
//
// A client without an address has no network, and the limits per network do not apply to it. Counted together, such clients
// would be one for the whole site, and any of them could use that count up for all others. What still holds for them are a
// short wait at each account, the counts per email address, and the queue for hashing.

/** Deletes what no longer counts. To call it more often than the clean-up does no harm. Answers how many counts. */
export async function purgeRateLimits(pace: Pace = atOnce): Promise<number> {
  const where = { expire: { lt: new Date() } };
  const windows = await inBatches((limit) => db.rateLimit.deleteMany({ where, limit }), pace);
  return windows + (await purgeFailures(pace));
}
