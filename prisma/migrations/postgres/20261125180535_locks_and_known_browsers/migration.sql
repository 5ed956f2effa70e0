-- A lock is its own mark, one for the owner and one for the operator. Until now an account was locked by taking its
-- password hash away.
ALTER TABLE "User" ADD COLUMN "lockedByOwnerAt" TIMESTAMP(3),
ADD COLUMN "lockedByOperatorAt" TIMESTAMP(3),
ADD COLUMN "firstLoginAt" TIMESTAMP(3);

-- No password and no other way to log in: its owner locked it.
UPDATE "User" SET "lockedByOwnerAt" = (now() AT TIME ZONE 'UTC')
WHERE "passwordHash" IS NULL AND NOT EXISTS (SELECT 1 FROM "Account" WHERE "Account"."userId" = "User"."id");

-- The first login of an account, of which no security alert tells. The history cannot be asked: it forgets after a year.
-- It tells of the first login here where it can. Where the account has a session, or a history that does not go back to the
-- registration, there may have been a login: an alert too many is better than one too few.
UPDATE "User" SET "firstLoginAt" = COALESCE(
  (SELECT min("at") FROM "AuditEvent" WHERE "AuditEvent"."userId" = "User"."id" AND "event" = 'login'),
  CASE
    WHEN EXISTS (SELECT 1 FROM "Session" WHERE "Session"."userId" = "User"."id")
      OR NOT EXISTS (SELECT 1 FROM "AuditEvent" WHERE "AuditEvent"."userId" = "User"."id" AND "event" = 'registered')
    THEN "createdAt"
  END
);

-- Nothing here sends email through next-auth, which alone would write to it.
DROP TABLE "VerificationToken";

-- The secrets of emailed links and the emails that wait keep their rows under their new names.
ALTER TABLE "MailToken" RENAME TO "LinkToken";
ALTER TABLE "Letter" RENAME TO "OutboxEmail";

ALTER TABLE "LinkToken" RENAME CONSTRAINT "MailToken_pkey" TO "LinkToken_pkey";
ALTER TABLE "LinkToken" RENAME CONSTRAINT "MailToken_userId_fkey" TO "LinkToken_userId_fkey";
ALTER TABLE "OutboxEmail" RENAME CONSTRAINT "Letter_pkey" TO "OutboxEmail_pkey";
ALTER INDEX "MailToken_tokenHash_key" RENAME TO "LinkToken_tokenHash_key";
ALTER INDEX "MailToken_email_purpose_idx" RENAME TO "LinkToken_email_purpose_idx";
ALTER INDEX "MailToken_userId_idx" RENAME TO "LinkToken_userId_idx";
ALTER INDEX "MailToken_expiresAt_idx" RENAME TO "LinkToken_expiresAt_idx";
ALTER INDEX "Letter_dueAt_idx" RENAME TO "OutboxEmail_dueAt_idx";

-- CreateTable
CREATE TABLE "KnownBrowser" (
    "id" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastLoginAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ip" TEXT,
    "userAgent" TEXT,

    CONSTRAINT "KnownBrowser_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "KnownBrowser_userId_idx" ON "KnownBrowser"("userId");

-- CreateIndex
CREATE INDEX "KnownBrowser_lastLoginAt_idx" ON "KnownBrowser"("lastLoginAt");

-- CreateIndex
CREATE UNIQUE INDEX "KnownBrowser_tokenHash_userId_key" ON "KnownBrowser"("tokenHash", "userId");

-- AddForeignKey
ALTER TABLE "KnownBrowser" ADD CONSTRAINT "KnownBrowser_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A browser that is logged in now has its new cookie only after its next login. Until then its account knows it by the
-- token of its session, so that this login sends no security alert and waits for nobody's failures.
INSERT INTO "KnownBrowser" ("id", "tokenHash", "userId", "createdAt", "lastLoginAt", "ip", "userAgent")
SELECT "id", "tokenHash", "userId", "createdAt", "createdAt", "ip", "userAgent" FROM "Session"
WHERE "expiresAt" > (now() AT TIME ZONE 'UTC');

-- Failures of known browsers were counted under numbers from the old cookie, which no browser has any more.
DELETE FROM "LoginBackoff" WHERE "key" LIKE 'device:%';

-- Emails that were counted stay counted.
UPDATE "RateLimit" SET "key" = 'email-' || substr("key", 8) WHERE "key" LIKE 'letter-%';
