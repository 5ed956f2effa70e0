-- AlterTable
ALTER TABLE "User" ADD COLUMN     "loginAlertAt" TIMESTAMP(3);
ALTER TABLE "User" ADD COLUMN     "loginAlertEmailId" TEXT;

-- AlterTable
ALTER TABLE "LinkToken" ADD COLUMN     "codeExpiresAt" TIMESTAMP(3);

-- Codes already sent work as long as their emails say.
UPDATE "LinkToken" SET "codeExpiresAt" = "createdAt" + INTERVAL '10 minutes' WHERE "codeHash" IS NOT NULL;

-- AlterTable
ALTER TABLE "OutboxEmail" ADD COLUMN     "isAwaited" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "linkTokenId" TEXT;

-- CreateIndex
CREATE INDEX "OutboxEmail_isAwaited_dueAt_idx" ON "OutboxEmail"("isAwaited", "dueAt");
