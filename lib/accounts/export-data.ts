import "server-only";
import { waitingEmailsTo } from "../mail/emails-to";
import type { ClientInfo } from "../platform/client-info";
import { db } from "../platform/db";
import { record } from "../security/audit";
import { consumeExport } from "../security/rate-limits/account-limits";
import type { LinkPurpose } from "../shared/links";
import { hasPassword } from "./change-password";
import { findFactors } from "./factors";
import { type Throttled, throttled } from "./outcomes";
import { findPicture } from "./picture";

/** Events of the history in one copy, at most: the newest. It bounds what one copy costs; a year of a busy account has fewer. */
const HISTORY_MAX = 20_000;

/** A link that is not listed: there is none where another account has the address that was asked for (ASVS v5.0.0-6.3.8). */
const UNTOLD: LinkPurpose = "change-email";

export type ExportOutcome = { ok: true; data: PersonalData } | Throttled;

/** A copy of what is kept about a person. `.github/EXPORT.md` says what each field means. */
export type PersonalData = Awaited<ReturnType<typeof collect>>;

/**
 * Everything that is kept about a person, and no secret: no hash, token or code, and no text of an email, which may have one.
 * @param sessionId the session that asks, to be told from the others; null: none does
 */
export async function exportData(
  userId: string,
  sessionId: string | null,
  client: ClientInfo,
): Promise<ExportOutcome> {
  const wait = await consumeExport(userId);
  if (wait !== null) {
    await record("data-export-throttled", { userId }, client);
    return throttled("attempts", wait);
  }
  const data = await collect(userId, sessionId);
  await record("data-exported", { userId }, client);
  return { ok: true, data };
}

async function collect(userId: string, sessionId: string | null) {
  const where = { userId };
  const newestFirst = { orderBy: { createdAt: "desc" } } as const;
  const user = await db.user.findUniqueOrThrow({
    where: { id: userId },
    select: {
      id: true,
      username: true,
      email: true,
      emailCanonical: true,
      emailVerified: true,
      wasConfirmationRequired: true,
      name: true,
      image: true,
      lockedByOwnerAt: true,
      lockedByOperatorAt: true,
      firstLoginAt: true,
      passkeyOfferedAt: true,
      deleteAt: true,
      loginAlertAt: true,
      createdAt: true,
      updatedAt: true,
    },
  });
  const { emailCanonical, emailVerified, ...profile } = user;
  const sessions = await db.session.findMany({
    where,
    ...newestFirst,
    select: {
      id: true,
      createdAt: true,
      provenAt: true,
      secondFactorAt: true,
      lastSeenAt: true,
      expiresAt: true,
      isRemembered: true,
      ip: true,
      userAgent: true,
    },
  });
  const picture = await findPicture(userId);
  const factors = await findFactors(userId);
  const history = await db.auditEvent.findMany({
    where,
    orderBy: { at: "desc" },
    take: HISTORY_MAX,
    select: { at: true, event: true, how: true, ip: true, userAgent: true, requestId: true },
  });
  return {
    format: 1,
    madeAt: new Date().toISOString(),
    profile: { ...profile, emailConfirmedAt: emailVerified, hasPassword: await hasPassword(userId) },
    picture: picture && {
      updatedAt: picture.updatedAt,
      webp: Buffer.from(picture.bytes).toString("base64"),
    },
    formerUsernames: await db.formerUsername.findMany({
      where,
      orderBy: { leftAt: "desc" },
      select: { username: true, leftAt: true },
    }),
    sessions: sessions.map(({ id, ...session }) => ({ ...session, isThisOne: id === sessionId })),
    knownBrowsers: await db.knownBrowser.findMany({
      where,
      ...newestFirst,
      select: { createdAt: true, lastLoginAt: true, trustedUntil: true, ip: true, userAgent: true },
    }),
    authenticator: factors.authenticator,
    recoveryCodes: factors.recoveryCodes,
    passkeys: await db.passkey.findMany({
      where,
      ...newestFirst,
      select: {
        name: true,
        aaguid: true,
        transports: true,
        isBackupEligible: true,
        isBackedUp: true,
        rpId: true,
        createdAt: true,
        lastUsedAt: true,
        copiedAt: true,
      },
    }),
    pendingLogins: await db.pendingLogin.findMany({
      where: { ...where, expiresAt: { gt: new Date() } },
      ...newestFirst,
      select: { how: true, isRemembered: true, createdAt: true, expiresAt: true },
    }),
    connections: await db.account.findMany({
      where,
      ...newestFirst,
      select: {
        provider: true,
        issuer: true,
        providerAccountId: true,
        name: true,
        type: true,
        createdAt: true,
        updatedAt: true,
      },
    }),
    openLinks: (
      await db.linkToken.findMany({
        where: { userId, expiresAt: { gt: new Date() }, purpose: { not: UNTOLD } },
        ...newestFirst,
        select: {
          purpose: true,
          email: true,
          address: true,
          isMailed: true,
          createdAt: true,
          expiresAt: true,
        },
      })
    ).map(({ email, address, ...link }) => ({ ...link, sentTo: email, newEmail: address })),
    waitingEmails: await waitingEmailsTo(emailCanonical),
    isHistoryWhole: history.length < HISTORY_MAX,
    history,
  };
}
