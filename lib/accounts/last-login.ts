import "server-only";
import { db } from "../platform/db";
import { describeBrowser } from "../platform/user-agent";
import type { LiveSession } from "../security/sessions";

/** A login as its owner recognises it. */
export interface PastLogin {
  at: Date;
  /** The browser in words. */
  browser: string;
}

/** The login to this account before the one that opened this session; null when that was the first one, as far as is kept. */
export async function findLastLogin({
  createdAt,
  user,
}: Pick<LiveSession, "createdAt" | "user">): Promise<PastLogin | null> {
  const found = await db.auditEvent.findFirst({
    where: { userId: user.id, event: "login", at: { lt: createdAt } },
    orderBy: { at: "desc" },
    select: { at: true, userAgent: true },
  });
  return found && { at: found.at, browser: describeBrowser(found.userAgent) };
}
