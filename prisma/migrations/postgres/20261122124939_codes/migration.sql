-- AlterTable
ALTER TABLE "MailToken" ADD COLUMN     "codeHash" TEXT,
ADD COLUMN     "codeTries" INTEGER NOT NULL DEFAULT 0;
