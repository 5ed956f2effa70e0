-- CreateTable
CREATE TABLE "SentForm" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "answer" TEXT,
    "expiresAt" DATETIME NOT NULL
);

-- CreateIndex
CREATE INDEX "SentForm_expiresAt_idx" ON "SentForm"("expiresAt");
