import "server-only";
import { PrismaAdapter } from "@auth/prisma-adapter";
import type { Adapter, AdapterUser } from "next-auth/adapters";
import { db } from "../platform/db";
import { canonical } from "../shared/schemas";

/**
 * Auth.js's adapter on our tables. It finds people by their canonical email, as everything else does. It creates no users
 * yet: here a person chooses a username first, so `createUser` comes with the first provider besides credentials.
 */
export function adapter(): Adapter {
  return {
    ...PrismaAdapter(db),
    async getUserByEmail(email): Promise<AdapterUser | null> {
      return db.user.findUnique({
        where: { emailCanonical: canonical(email) },
        select: { id: true, email: true, emailVerified: true, name: true, image: true },
      });
    },
  };
}
