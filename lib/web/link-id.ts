import { createHash } from "node:crypto";
import { type LinkPurpose, links } from "../shared/links";

/** The parameter of an address and the field of a form that name the link a page is made for. */
export const LINK_FIELD = "link";

/** In place of an id: what was followed is not the whole link, so it has none. */
export const INCOMPLETE_LINK = "incomplete";

/** Hexadecimal characters in an id: 64 bits of a hash tell links apart and do not give the token away. */
const ID_LENGTH = 16;

/** The name of an emailed link in addresses, forms and cookies. */
export function linkIdOf(token: string): string {
  return createHash("sha256").update(`link\n${token}`).digest("hex").slice(0, ID_LENGTH);
}

/** The page of an emailed link that is open already. */
export function openLinkPath(purpose: LinkPurpose, id: string, more: Record<string, string> = {}): string {
  return `${links[purpose].path}?${new URLSearchParams({ [LINK_FIELD]: id, ...more })}`;
}

/** False for a value that {@link linkIdOf} cannot have made. */
export function isLinkId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}
