-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_MailToken" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "purpose" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "codeHash" TEXT,
    "codeTries" INTEGER NOT NULL DEFAULT 0,
    "userId" TEXT,
    "email" TEXT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" DATETIME NOT NULL,
    CONSTRAINT "MailToken_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "new_MailToken" ("createdAt", "email", "expiresAt", "id", "purpose", "tokenHash", "userId") SELECT "createdAt", "email", "expiresAt", "id", "purpose", "tokenHash", "userId" FROM "MailToken";
DROP TABLE "MailToken";
ALTER TABLE "new_MailToken" RENAME TO "MailToken";
CREATE UNIQUE INDEX "MailToken_tokenHash_key" ON "MailToken"("tokenHash");
CREATE INDEX "MailToken_email_purpose_idx" ON "MailToken"("email", "purpose");
CREATE INDEX "MailToken_userId_idx" ON "MailToken"("userId");
CREATE INDEX "MailToken_expiresAt_idx" ON "MailToken"("expiresAt");
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
