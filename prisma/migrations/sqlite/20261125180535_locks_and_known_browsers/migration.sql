-- A lock is its own mark, one for the owner and one for the operator. Until now an account was locked by taking its
-- password hash away.
ALTER TABLE "User" ADD COLUMN "lockedByOwnerAt" DATETIME;
ALTER TABLE "User" ADD COLUMN "lockedByOperatorAt" DATETIME;
ALTER TABLE "User" ADD COLUMN "firstLoginAt" DATETIME;

-- No password and no other way to log in: its owner locked it.
UPDATE "User" SET "lockedByOwnerAt" = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')
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

-- SQLite cannot rename an index.
DROP INDEX "MailToken_tokenHash_key";
CREATE UNIQUE INDEX "LinkToken_tokenHash_key" ON "LinkToken"("tokenHash");
DROP INDEX "MailToken_email_purpose_idx";
CREATE INDEX "LinkToken_email_purpose_idx" ON "LinkToken"("email", "purpose");
DROP INDEX "MailToken_userId_idx";
CREATE INDEX "LinkToken_userId_idx" ON "LinkToken"("userId");
DROP INDEX "MailToken_expiresAt_idx";
CREATE INDEX "LinkToken_expiresAt_idx" ON "LinkToken"("expiresAt");
DROP INDEX "Letter_dueAt_idx";
CREATE INDEX "OutboxEmail_dueAt_idx" ON "OutboxEmail"("dueAt");

-- CreateTable
CREATE TABLE "KnownBrowser" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "tokenHash" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastLoginAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ip" TEXT,
    "userAgent" TEXT,
    CONSTRAINT "KnownBrowser_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "KnownBrowser_userId_idx" ON "KnownBrowser"("userId");

-- CreateIndex
CREATE INDEX "KnownBrowser_lastLoginAt_idx" ON "KnownBrowser"("lastLoginAt");

-- CreateIndex
CREATE UNIQUE INDEX "KnownBrowser_tokenHash_userId_key" ON "KnownBrowser"("tokenHash", "userId");

-- A browser that is logged in now has its new cookie only after its next login. Until then its account knows it by the
-- token of its session, so that this login sends no security alert and waits for nobody's failures.
INSERT INTO "KnownBrowser" ("id", "tokenHash", "userId", "createdAt", "lastLoginAt", "ip", "userAgent")
SELECT "id", "tokenHash", "userId", "createdAt", "createdAt", "ip", "userAgent" FROM "Session"
WHERE "expiresAt" > strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now');

-- Failures of known browsers were counted under numbers from the old cookie, which no browser has any more.
DELETE FROM "LoginBackoff" WHERE "key" LIKE 'device:%';

-- Emails that were counted stay counted.
UPDATE "RateLimit" SET "key" = 'email-' || substr("key", 8) WHERE "key" LIKE 'letter-%';
