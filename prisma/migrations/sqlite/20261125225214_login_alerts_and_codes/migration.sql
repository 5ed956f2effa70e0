-- AlterTable
ALTER TABLE "User" ADD COLUMN "loginAlertAt" DATETIME;

-- AlterTable
ALTER TABLE "LinkToken" ADD COLUMN "codeExpiresAt" DATETIME;

-- AlterTable
ALTER TABLE "OutboxEmail" ADD COLUMN "isAwaited" BOOLEAN NOT NULL DEFAULT true;
ALTER TABLE "OutboxEmail" ADD COLUMN "linkTokenId" TEXT;

-- CreateIndex
CREATE INDEX "OutboxEmail_isAwaited_dueAt_idx" ON "OutboxEmail"("isAwaited", "dueAt");
