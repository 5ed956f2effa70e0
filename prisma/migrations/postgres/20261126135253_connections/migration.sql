-- AlterTable
ALTER TABLE "Account" DROP CONSTRAINT "Account_pkey",
ADD COLUMN     "issuer" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "name" TEXT,
ADD CONSTRAINT "Account_pkey" PRIMARY KEY ("provider", "issuer", "providerAccountId");
