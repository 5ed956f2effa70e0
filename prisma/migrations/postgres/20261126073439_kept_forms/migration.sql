-- CreateTable
CREATE TABLE "KeptForm" (
    "browserHash" TEXT NOT NULL,
    "pageHash" TEXT NOT NULL,
    "readerHash" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "expiresAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "KeptForm_pkey" PRIMARY KEY ("browserHash","pageHash")
);

-- CreateIndex
CREATE INDEX "KeptForm_expiresAt_idx" ON "KeptForm"("expiresAt");
