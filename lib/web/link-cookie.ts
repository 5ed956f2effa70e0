import "server-only";
import { cookies } from "next/headers";
import { cookieNames, expiredOptions, otherCookies } from "./cookies";
import { isLinkId } from "./link-id";
import { setCookie } from "./set-cookie";

/** An emailed link as this browser has it open. */
export interface OpenedLink {
  /** Names the link in the page's address and form without its secret. */
  id: string;
  /** The secret from the email, not yet checked. */
  token: string;
}

/**
 * The link with that id, as the middleware kept it in a cookie when the email was followed; null when this browser does
 * not have it open.
 * @param id from the page's address or from the form, so it can be anything
 */
export async function findOpenedLink(id: unknown): Promise<OpenedLink | null> {
  if (!isLinkId(id)) return null;
  const jar = await cookies();
  // One opened before the names of cookies changed is found by its former name: no other link has this id.
  const cookie = jar.get(cookieNames.link(id)) ?? otherCookies(`link.${id}`, jar.getAll())[0];
  const token = cookie?.value;
  return token ? { id, token } : null;
}

/** Makes the browser forget a link. For actions. */
export async function clearOpenedLink({ id }: OpenedLink): Promise<void> {
  await setCookie(cookieNames.link(id), "", expiredOptions());
}
