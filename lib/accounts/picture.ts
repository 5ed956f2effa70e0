import "server-only";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import type { ImageFault } from "../platform/images/image-file";
import { makeSquareImage, type SquareImage } from "../platform/images/square-image";
import { record } from "../security/audit";
import { requesterOf } from "../security/passwords/password";
import { consumePicture } from "../security/rate-limits/account-limits";
import { PICTURES_AT_ONCE } from "../shared/limits";
import { type AskingSession, holdForSession } from "./asking-session";
import { takePictureTurn } from "./picture-queue";

export type ChangePictureOutcome =
  | { ok: true }
  | { ok: false; reason: ImageFault }
  /** Too many of this account in the last hour. */
  | { ok: false; reason: "throttled" }
  /** Too many at this moment: of this account, or of those that have arrived. */
  | { ok: false; reason: "busy" }
  | SessionOver;

/** The session that asks has been ended meanwhile, and nothing was done. */
interface SessionOver {
  ok: false;
  reason: "session-over";
}

export type RemovePictureOutcome = { ok: true; hadPicture: boolean } | SessionOver;

const SESSION_OVER: SessionOver = { ok: false, reason: "session-over" };

/** How many pictures are on their way, wait or are worked on, by account. */
const underWay = new Map<string, number>();

/**
 * Gives an account the picture in a file, as a square WebP of our own making.
 * @param readFile receives the file, and answers its bytes or why there are none. Called only where the account may send one;
 *   while a file is on its way it takes no room from other accounts
 */
export async function changePicture<NoFile extends { ok: false }>(
  session: AskingSession,
  readFile: () => Promise<Buffer | NoFile>,
  client: ClientInfo,
): Promise<ChangePictureOutcome | NoFile> {
  const userId = session.user.id;
  const ofAccount = underWay.get(userId) ?? 0;
  if (ofAccount >= PICTURES_AT_ONCE.ofAccount) return { ok: false, reason: "busy" };
  underWay.set(userId, ofAccount + 1);
  try {
    if ((await consumePicture(userId)) !== null) {
      await record("picture-throttled", { userId }, client);
      return { ok: false, reason: "throttled" };
    }
    const file = await readFile();
    if (!Buffer.isBuffer(file)) return file;
    const endTurn = await takePictureTurn(requesterOf(client, userId));
    if (!endTurn) return { ok: false, reason: "busy" };
    const outcome = await makeSquareImage(file).finally(endTurn);
    if (!outcome.ok) return { ok: false, reason: outcome.fault };
    return (await keep(session, outcome.image, client)) ? { ok: true } : SESSION_OVER;
  } finally {
    const left = (underWay.get(userId) ?? 1) - 1;
    if (left > 0) underWay.set(userId, left);
    else underWay.delete(userId);
  }
}

/** False when the session has been ended while the picture came and was worked on. */
async function keep(
  session: AskingSession,
  { bytes, hash }: SquareImage,
  client: ClientInfo,
): Promise<boolean> {
  const userId = session.user.id;
  return db.$transaction(async (tx) => {
    if (!(await holdForSession(session, tx))) return false;
    if ((await tx.picture.count({ where: { userId, hash } })) > 0) return true;
    const data = { bytes: new Uint8Array(bytes), hash, updatedAt: new Date() };
    const query = { where: { userId }, create: { ...data, userId }, update: data, select: { userId: true } };
    await tx.picture.upsert(query);
    await record("picture-changed", { userId }, client, tx);
    return true;
  });
}

/** Takes the picture of an account away. */
export async function removePicture(
  session: AskingSession,
  client: ClientInfo,
): Promise<RemovePictureOutcome> {
  const userId = session.user.id;
  return db.$transaction(async (tx) => {
    if (!(await holdForSession(session, tx))) return SESSION_OVER;
    const { count } = await tx.picture.deleteMany({ where: { userId } });
    if (count > 0) await record("picture-removed", { userId }, client, tx);
    return { ok: true, hadPicture: count > 0 };
  });
}

/** The picture of an account, a WebP; null: it has none, or none with this hash, whoever else may have it. */
export async function findPicture(userId: string, hash?: string) {
  return db.picture.findFirst({
    where: { userId, hash },
    select: { bytes: true, hash: true, updatedAt: true },
  });
}
