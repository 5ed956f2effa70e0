-- AlterTable
ALTER TABLE "MailToken" ADD COLUMN     "address" TEXT;
