-- AlterTable
ALTER TABLE "Account" ADD COLUMN     "issuer" TEXT;
