-- AlterTable
ALTER TABLE "User" ADD COLUMN "deleteAt" DATETIME;

-- CreateTable
CREATE TABLE "Lease" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "holder" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL
);

-- CreateIndex
CREATE INDEX "User_deleteAt_idx" ON "User"("deleteAt");

-- CreateIndex
CREATE INDEX "Session_isRemembered_lastSeenAt_idx" ON "Session"("isRemembered", "lastSeenAt");
