-- AlterTable
ALTER TABLE "PendingLogin" ADD COLUMN "isConfirming" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "PendingLogin" ADD COLUMN "alertEmailId" TEXT;
ALTER TABLE "PendingLogin" ADD COLUMN "provenAt" DATETIME;
