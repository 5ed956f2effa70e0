-- CreateTable
CREATE TABLE "Installation" (
    "id" TEXT NOT NULL,
    "origin" TEXT NOT NULL,
    "secrets" TEXT NOT NULL,

    CONSTRAINT "Installation_pkey" PRIMARY KEY ("id")
);
