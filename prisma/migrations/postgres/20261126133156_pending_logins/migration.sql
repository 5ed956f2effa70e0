-- AlterTable
ALTER TABLE "PendingLogin" ADD COLUMN     "alertEmailId" TEXT,
ADD COLUMN     "isConfirming" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "provenAt" TIMESTAMP(3);
