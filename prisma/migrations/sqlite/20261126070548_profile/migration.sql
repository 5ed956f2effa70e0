-- CreateTable
CREATE TABLE "FormerUsername" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "userId" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "usernameCanonical" TEXT NOT NULL,
    "leftAt" DATETIME NOT NULL,
    CONSTRAINT "FormerUsername_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Picture" (
    "userId" TEXT NOT NULL PRIMARY KEY,
    "bytes" BLOB NOT NULL,
    "hash" TEXT NOT NULL,
    "updatedAt" DATETIME NOT NULL,
    CONSTRAINT "Picture_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "FormerUsername_usernameCanonical_idx" ON "FormerUsername"("usernameCanonical");

-- CreateIndex
CREATE INDEX "FormerUsername_userId_leftAt_idx" ON "FormerUsername"("userId", "leftAt");

-- CreateIndex
CREATE INDEX "FormerUsername_leftAt_idx" ON "FormerUsername"("leftAt");
