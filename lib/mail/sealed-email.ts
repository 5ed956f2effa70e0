import "server-only";
import { seal, unseal } from "../platform/crypto/seal";
import type { Email } from "./email";

/** An email as its row keeps it. */
interface SealedEmail {
  id: string;
  sealed: string;
  expiresAt: Date;
}

/** What a row keeps of an email: addresses and links are secrets. @param id of the row, which alone it can be opened with */
export function sealEmail(id: string, content: Omit<Email, "expiresAt" | "linkTokenId">): string {
  return seal(id, JSON.stringify(content));
}

/** An email as it was written; null when it was sealed with another secret. */
export function openEmail({ id, sealed, expiresAt }: SealedEmail): Email | null {
  try {
    return { ...(JSON.parse(unseal(id, sealed)) as Omit<Email, "expiresAt">), expiresAt };
  } catch {
    return null;
  }
}
