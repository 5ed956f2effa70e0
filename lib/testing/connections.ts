import { randomUUID } from "node:crypto";
import type { ProviderIdentity } from "../accounts/login/prove-provider";
import { db } from "../platform/db";
import { keepConnection } from "../security/connections/connections";
import type { Member } from "./person";
import { PROVIDERS } from "./provider-settings";

/** Whom Acme means, as its checked answer says. */
export function acmeIdentity(more: Partial<ProviderIdentity> = {}): ProviderIdentity {
  return {
    provider: "acme",
    issuer: PROVIDERS.OIDC_ACME_ISSUER,
    subject: randomUUID(),
    type: "oidc",
    email: null,
    isEmailProven: false,
    username: null,
    displayName: null,
    name: null,
    authenticatedAt: new Date(),
    ...more,
  };
}

/** Whom Corp means, whose word on this address counts. */
export function corpIdentity(email: string, more: Partial<ProviderIdentity> = {}): ProviderIdentity {
  const own = { provider: "corp", issuer: PROVIDERS.OIDC_CORP_ISSUER, email, isEmailProven: true };
  return acmeIdentity({ ...own, ...more });
}

/** Connects an account, past the pages and the alerts. */
export async function connectionOf(
  { id }: Pick<Member, "id">,
  identity = acmeIdentity(),
): Promise<ProviderIdentity> {
  await db.$transaction((tx) => keepConnection(id, identity, tx));
  return identity;
}

/** Takes an account's password away: its person came by a provider. */
export async function dropPassword({ id }: Pick<Member, "id">): Promise<void> {
  await db.user.update({ where: { id }, data: { passwordHash: null }, select: { id: true } });
}
