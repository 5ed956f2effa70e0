import { findPicture } from "@/lib/accounts/picture";
import { currentUser } from "@/lib/auth";

/** The name of a picture's file: the hash of its bytes. */
const FILE = /^([0-9a-f]{64})\.webp$/;

/**
 * One's own picture. For visitors, for other people and by another hash there is none (ASVS v5.0.0-8.2.2). A browser keeps it
 * and asks each time whether it may still show it: somebody may have logged out.
 */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ file: string }> },
): Promise<Response> {
  const hash = FILE.exec((await params).file)?.[1];
  const user = hash === undefined ? null : await currentUser();
  const picture = hash !== undefined && user ? await findPicture(user.id, hash) : null;
  if (!picture) return new Response(null, { status: 404, headers: { "cache-control": "no-store" } });
  const etag = `"${hash}"`;
  const headers = {
    "cache-control": "private, no-cache",
    etag,
  };
  if (isKnown(request.headers.get("if-none-match"), etag))
    return new Response(null, { status: 304, headers });
  return new Response(picture.bytes, {
    headers: {
      ...headers,
      "content-type": "image/webp",
      "content-disposition": 'inline; filename="picture.webp"',
    },
  });
}

/** Weak tags are compared as strong ones (RFC 9110 §13.1.2). */
function isKnown(tags: string | null, etag: string): boolean {
  return tags?.split(",").some((tag) => ["*", etag, `W/${etag}`].includes(tag.trim())) ?? false;
}
