-- CreateTable
CREATE TABLE "SentForm" (
    "id" TEXT NOT NULL,
    "answer" TEXT,
    "expiresAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "SentForm_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "SentForm_expiresAt_idx" ON "SentForm"("expiresAt");
