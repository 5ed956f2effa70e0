-- AlterTable
ALTER TABLE "Passkey" ADD COLUMN     "copiedAt" TIMESTAMP(3),
ADD COLUMN     "rpId" TEXT NOT NULL DEFAULT '';
