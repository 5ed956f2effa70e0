import "server-only";
import { PrismaAdapter } from "@auth/prisma-adapter";
import type { Adapter, AdapterUser } from "next-auth/adapters";
import { db } from "../platform/db";
import { canonical } from "../shared/canonical";

/**
 * Auth.js's adapter on our tables. It finds people by their canonical email, as everything else does. It makes nobody and links
 * nobody: next-auth would do either for whoever comes back from a provider, and here `admit` and the pages of an account's
 * owner decide. Rows of connections are written by `lib/security/connections/`, with this adapter's own method.
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
    getUserByAccount: async () => null, // whose a connection is, `proveProvider` finds
    createUser: refuse,
    linkAccount: refuse,
    unlinkAccount: refuse, // the adapter's own looks for a row without its issuer
  };
}

async function refuse(): Promise<never> {
  throw new Error("next-auth was about to make, link or unlink an account by itself");
}
