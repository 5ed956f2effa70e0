-- AlterTable
ALTER TABLE "User" ADD COLUMN "loginAlertAt" DATETIME;
ALTER TABLE "User" ADD COLUMN "loginAlertEmailId" TEXT;

-- AlterTable
ALTER TABLE "LinkToken" ADD COLUMN "codeExpiresAt" DATETIME;

-- Codes already sent work as long as their emails say.
UPDATE "LinkToken"
SET "codeExpiresAt" = strftime('%Y-%m-%dT%H:%M:%f', "createdAt", '+10 minutes') || '+00:00'
WHERE "codeHash" IS NOT NULL;

-- AlterTable
ALTER TABLE "OutboxEmail" ADD COLUMN "isAwaited" BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE "OutboxEmail" ADD COLUMN "linkTokenId" TEXT;

-- CreateIndex
CREATE INDEX "OutboxEmail_isAwaited_dueAt_idx" ON "OutboxEmail"("isAwaited", "dueAt");
