-- AlterTable
ALTER TABLE "User" ADD COLUMN     "wasConfirmationRequired" BOOLEAN NOT NULL DEFAULT false;

-- CreateIndex
CREATE INDEX "User_wasConfirmationRequired_emailVerified_createdAt_idx" ON "User"("wasConfirmationRequired", "emailVerified", "createdAt");
