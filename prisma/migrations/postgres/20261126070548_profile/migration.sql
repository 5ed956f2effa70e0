-- CreateTable
CREATE TABLE "FormerUsername" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "usernameCanonical" TEXT NOT NULL,
    "leftAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "FormerUsername_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Picture" (
    "userId" TEXT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "hash" TEXT NOT NULL,
    "updatedAt" TIMESTAMP(3) NOT NULL,

    CONSTRAINT "Picture_pkey" PRIMARY KEY ("userId")
);

-- CreateIndex
CREATE INDEX "FormerUsername_usernameCanonical_idx" ON "FormerUsername"("usernameCanonical");

-- CreateIndex
CREATE INDEX "FormerUsername_userId_leftAt_idx" ON "FormerUsername"("userId", "leftAt");

-- CreateIndex
CREATE INDEX "FormerUsername_leftAt_idx" ON "FormerUsername"("leftAt");

-- AddForeignKey
ALTER TABLE "FormerUsername" ADD CONSTRAINT "FormerUsername_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Picture" ADD CONSTRAINT "Picture_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
