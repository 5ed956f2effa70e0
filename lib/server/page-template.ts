import type { IncomingHttpHeaders } from "node:http";
import { contentSecurityPolicy } from "../web/csp";

/** A whole answer of Next's. */
export interface PageAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What is new in every answer. */
export interface FreshMarks {
  /** Of the answer's policy. */
  nonce: string;
  /** By which the page's forms are known to come from one page, see `auth/page-marks.ts`. */
  secret: string;
}

/** A page that is the same for all who ask for it, but for its {@link FreshMarks}. */
export interface PageTemplate {
  /** But for those of one answer: its policy, its id, its date, its length. */
  headers: Record<string, string>;
  fill(marks: FreshMarks): string;
}

/** What belongs to one answer, or to one connection (RFC 9110 §7.6.1). */
const OF_ONE_ANSWER = [
  "connection",
  "content-length",
  "content-security-policy",
  "date",
  "keep-alive",
  "transfer-encoding",
  "x-request-id",
];

const NONCE = /'nonce-([\w+/=]{24})'/;

/** The secret as the layout hands it to `PageProvider`, in the data behind the page. */
const SECRET = /\\"secret\\":\\"([\w-]{43})\\"/;

/**
 * The template of a page, from its answers to two visitors; null where there is none. The two are compared: what differs in
 * anything but its marks depends on who asks or when, as a page of an app built on this may, and is made for each request.
 */
export function templateOf(one: PageAnswer, other: PageAnswer): PageTemplate | null {
  const [first, second] = [readAnswer(one), readAnswer(other)];
  if (first === null || second === null || JSON.stringify(first) !== JSON.stringify(second)) return null;
  const { headers, parts } = first;
  return {
    headers,
    fill: (marks) => parts.map((part) => (typeof part === "string" ? part : marks[part.mark])).join(""),
  };
}

/** The text of a page, and where in it a mark stands. */
type Part = string | { mark: keyof FreshMarks };

/** Null for an answer that no one else may get: no page, one with a cookie, or one whose marks are not where they should be. */
function readAnswer({ status, headers, body }: PageAnswer) {
  const policy = headers["content-security-policy"]?.toString() ?? "";
  const [nonce, secret] = [NONCE.exec(policy)?.[1], SECRET.exec(body)?.[1]];
  if (status !== 200 || !headers["content-type"]?.startsWith("text/html")) return null;
  if (headers["set-cookie"] || headers["content-encoding"] || !body.endsWith("</html>")) return null;
  if (nonce === undefined || secret === undefined || policy !== contentSecurityPolicy(nonce)) return null;
  if (!body.includes(`nonce="${nonce}"`)) return null;

  const kept = Object.entries(headers).filter(([name]) => !OF_ONE_ANSWER.includes(name));
  return {
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    parts: splitAt(body, nonce, { mark: "nonce" }).flatMap((part) =>
      typeof part === "string" ? splitAt(part, secret, { mark: "secret" }) : part,
    ),
  };
}

function splitAt(text: string, value: string, mark: Part): Part[] {
  return text.split(value).flatMap((part, index) => (index === 0 ? part : [mark, part]));
}
