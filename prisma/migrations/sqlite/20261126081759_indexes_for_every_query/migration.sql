-- AlterTable
ALTER TABLE "OutboxEmail" ADD COLUMN "recipientHash" TEXT;

-- AlterTable
ALTER TABLE "LoginBackoff" ADD COLUMN "account" TEXT;

-- What is between the first colon and the second, or the end.
UPDATE "LoginBackoff" SET "account" = substr(substr("key", instr("key", ':') + 1), 1, instr(substr("key", instr("key", ':') + 1) || ':', ':') - 1);

-- CreateIndex
CREATE INDEX "OutboxEmail_failedAt_idx" ON "OutboxEmail"("failedAt");

-- CreateIndex
CREATE INDEX "OutboxEmail_recipientHash_id_idx" ON "OutboxEmail"("recipientHash", "id");

-- CreateIndex
CREATE INDEX "LoginBackoff_account_idx" ON "LoginBackoff"("account");
