import { PrismaAdapter } from "@auth/prisma-adapter";
import { describe, expect, it } from "vitest";
import { db } from "../platform/db";

// The adapter's own types check nothing against our models, so its methods are tried one by one.
const adapter = PrismaAdapter(db);

let people = 0;

async function newUser() {
  const name = `adapter-${people++}`;
  return await db.user.create({
    data: { username: name, usernameCanonical: name, email: name, emailCanonical: name, passwordHash: "h" },
  });
}

function accountOf(userId: string, providerAccountId: string) {
  return {
    userId,
    type: "oidc" as const,
    provider: "example",
    providerAccountId,
    refresh_token: "r",
    access_token: "a",
    expires_at: 1_900_000_000,
    token_type: "bearer" as const,
    scope: "openid",
    id_token: "i",
    session_state: "s",
  };
}

describe("@auth/prisma-adapter on our models", () => {
  it("links an account, finds its user without the password hash, and unlinks it", async () => {
    const user = await newUser();
    const account = accountOf(user.id, "linked");
    await adapter.linkAccount?.(account);
    expect(await adapter.getAccount?.("linked", "example")).toMatchObject(account);
    const found = await adapter.getUserByAccount?.({ provider: "example", providerAccountId: "linked" });
    expect(found).toMatchObject({ id: user.id });
    expect(found).not.toHaveProperty("passwordHash");
    await adapter.unlinkAccount?.({ provider: "example", providerAccountId: "linked" });
    expect(await adapter.getAccount?.("linked", "example")).toBeNull();
  });

  it("refuses to link one account to two users", async () => {
    await adapter.linkAccount?.(accountOf((await newUser()).id, "shared"));
    const second = accountOf((await newUser()).id, "shared");
    await expect(adapter.linkAccount?.(second)).rejects.toMatchObject({ code: "P2002" });
  });

  it("refuses to unlink what is not linked", async () => {
    const unknown = { provider: "example", providerAccountId: "unknown" };
    await expect(adapter.unlinkAccount?.(unknown)).rejects.toMatchObject({ code: "P2025" });
    expect(await adapter.getUserByAccount?.(unknown)).toBeNull();
  });

  it("gets, updates and deletes a user", async () => {
    const { id } = await newUser();
    const emailVerified = new Date("2030-01-01T00:00:00.000Z");
    await adapter.updateUser?.({ id, emailVerified });
    expect(await adapter.getUser?.(id)).toMatchObject({ id, emailVerified });
    await adapter.linkAccount?.(accountOf(id, "deleted"));
    await adapter.deleteUser?.(id);
    expect(await adapter.getUser?.(id)).toBeNull();
    expect(await adapter.getAccount?.("deleted", "example")).toBeNull();
  });
});
