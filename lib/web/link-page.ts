import "server-only";
import { findLink, hasMoved } from "../accounts/emailed-links";
import type { LinkPurpose } from "../shared/links";
import { findOpenedLink } from "./link-cookie";
import { isLinkId, LINK_FIELD } from "./link-id";
import { isAnsweringForm } from "./request";

/** The address of a page that an email leads to, as Next hands it to the page. */
export interface LinkPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/**
 * Why a link does not work: it is not the whole one, or this browser does not have it open, or its account has another
 * address by now, or it was used or replaced or is too old.
 */
export type LinkProblem = "incomplete" | "closed" | "moved" | "spent";

/**
 * What the page of an emailed link has to show. Looking changes nothing, so a mail scanner that opens every link does no harm
 * (ASVS v5.0.0-3.5.3).
 * @returns `problem` is null while the page answers its own form: then the form says what happened to the link
 */
export async function openLinkPage(purpose: LinkPurpose, { searchParams }: LinkPageProps) {
  const id = (await searchParams)[LINK_FIELD];
  const link = await findOpenedLink(id);
  const owner = link && (await findLink(purpose, link.token));
  const problem = owner || (await isAnsweringForm()) ? null : await problemOf(purpose, link?.token, id);
  return { linkId: typeof id === "string" ? id : "", isAsked: id !== undefined, owner, problem };
}

async function problemOf(purpose: LinkPurpose, token: string | undefined, id: unknown): Promise<LinkProblem> {
  if (token === undefined) return isLinkId(id) ? "closed" : "incomplete";
  return (await hasMoved(purpose, token)) ? "moved" : "spent";
}
