-- CreateTable
CREATE TABLE "KeptForm" (
    "browserHash" TEXT NOT NULL,
    "pageHash" TEXT NOT NULL,
    "readerHash" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "expiresAt" DATETIME NOT NULL,

    PRIMARY KEY ("browserHash", "pageHash")
);

-- CreateIndex
CREATE INDEX "KeptForm_expiresAt_idx" ON "KeptForm"("expiresAt");
