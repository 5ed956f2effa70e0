import { createHash, randomBytes, randomUUID } from "node:crypto";
import { hash } from "@node-rs/bcrypt";
import { DAY_MS } from "../shared/units";
import type { Database } from "./look-in";

/** Someone as the tests know them, with or without an account. */
export interface Person {
  username: string;
  email: string;
  password: string;
}

/** Someone with an account. */
export interface Member extends Person {
  id: string;
  emailCanonical: string;
}

interface AccountOptions {
  isVerified?: boolean;
  cost?: number;
  passwordHash?: string;
}

/** The cost of our hashes: with another one a login would make the hash anew. */
const BCRYPT_COST = 12;

/** How long a session lives, as the app has it. */
const SESSION_MS = { browser: DAY_MS, remembered: 30 * DAY_MS } as const;

const hashes = new Map<string, Promise<string>>();

/**
 * Creates someone's account by writing its rows, as registering just now would have. Each password is hashed once.
 * @param options.cost less than the app's own where a test proves a password often and never logs in
 * @param options.passwordHash the password's hash, where it was made before
 */
export async function newPerson(
  database: Database,
  { username, email, password }: Person,
  { isVerified = false, cost = BCRYPT_COST, passwordHash }: AccountOptions = {},
): Promise<Member> {
  const id = randomUUID();
  const emailCanonical = email.toLowerCase();
  const now = new Date();
  await database.query(
    'INSERT INTO "User" ("id", "username", "usernameCanonical", "email", "emailCanonical", "emailVerified", "passwordHash", "createdAt", "updatedAt") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    id,
    username,
    username.toLowerCase(),
    email,
    emailCanonical,
    isVerified ? now : null,
    passwordHash ?? (await hashOnce(password, cost)),
    now,
    now,
  );
  await database.query(
    'INSERT INTO "AuditEvent" ("id", "at", "event", "userId") VALUES (?, ?, ?, ?)',
    randomUUID(),
    now,
    "registered",
    id,
  );
  return { id, username, email, emailCanonical, password };
}

/** Gives someone's account an authenticator app by writing its row: one that no code fits. */
export async function newAuthenticator(database: Database, { id }: Pick<Member, "id">): Promise<void> {
  await database.query(
    'INSERT INTO "Authenticator" ("id", "userId", "sealed", "keyId", "lastStep", "createdAt") VALUES (?, ?, ?, ?, ?, ?)',
    randomUUID(),
    id,
    "no secret",
    "no key",
    0,
    new Date(),
  );
}

/** Opens a session by writing its row, as a login just now would have, and answers its token. */
export async function newSession(
  database: Database,
  { id }: Pick<Member, "id">,
  { isRemembered = false } = {},
): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const now = new Date();
  await database.query(
    'INSERT INTO "Session" ("id", "tokenHash", "userId", "createdAt", "lastSeenAt", "expiresAt", "isRemembered") VALUES (?, ?, ?, ?, ?, ?, ?)',
    randomUUID(),
    createHash("sha256").update(token).digest("hex"),
    id,
    now,
    now,
    new Date(now.getTime() + SESSION_MS[isRemembered ? "remembered" : "browser"]),
    isRemembered,
  );
  return token;
}

function hashOnce(password: string, cost: number): Promise<string> {
  const key = `${cost} ${password}`;
  const known = hashes.get(key);
  if (known) return known;
  const made = hash(password, cost);
  hashes.set(key, made);
  return made;
}
