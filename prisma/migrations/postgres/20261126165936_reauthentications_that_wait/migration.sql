-- AlterTable
ALTER TABLE "PendingLogin" ADD COLUMN     "sessionId" TEXT;
