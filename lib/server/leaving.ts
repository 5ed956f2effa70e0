import { PICTURE_ARRIVAL_S } from "../shared/limits";
import { SECOND_MS } from "../shared/units";
import { GRACE_MS } from "./app";
import { KEEP_ALIVE_MS } from "./serve";

/**
 * How long a process that was replaced waits for its connections to end, in milliseconds: an idle one ends after
 * {@link KEEP_ALIVE_MS}, a picture may be on its way for {@link PICTURE_ARRIVAL_S}, and an answer takes a while longer.
 */
export const LEAVE_MS = Math.max(KEEP_ALIVE_MS, PICTURE_ARRIVAL_S * SECOND_MS) + 15 * SECOND_MS;

/** How long it may go on then at most, in milliseconds. */
export const LEFT_WITHIN_MS = LEAVE_MS + GRACE_MS;
