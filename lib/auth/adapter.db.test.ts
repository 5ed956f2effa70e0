import { PrismaAdapter } from "@auth/prisma-adapter";
import { describe, expect, it } from "vitest";
import { db } from "../platform/db";
import { adapter as ours } from "./adapter";

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
  it("links an account, by the adapter's own method alone: next-auth finds nobody by it, and links and unlinks none", async () => {
    const user = await newUser();
    const account = accountOf(user.id, "linked");
    await adapter.linkAccount?.(account);
    expect(await adapter.getAccount?.("linked", "example")).toMatchObject(account);
    const linked = { provider: "example", providerAccountId: "linked" };
    expect(await ours().getUserByAccount?.(linked)).toBeNull();
    await expect(ours().unlinkAccount?.(linked)).rejects.toThrow("next-auth was about to");
    await expect(ours().linkAccount?.(accountOf(user.id, "another"))).rejects.toThrow(
      "next-auth was about to",
    );
    expect(await db.account.count({ where: { userId: user.id } })).toBe(1);
  });

  it("refuses to link one account to two users", async () => {
    await adapter.linkAccount?.(accountOf((await newUser()).id, "shared"));
    const second = accountOf((await newUser()).id, "shared");
    await expect(adapter.linkAccount?.(second)).rejects.toMatchObject({ code: "P2002" });
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
