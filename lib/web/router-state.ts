/** Longest header read, in characters: Next's own limit, some 2000 nested segments. */
const STATE_MAX = 40_000;

const SEGMENT_KINDS = new Set(["c", "oc", "d"].flatMap((kind) => [kind, `${kind}i`]));
const REFRESH_MARKS = new Set(["refetch", "inside-shared-layout", "metadata-only"]);

/**
 * True for a `next-router-state-tree` header as Next's script writes it: which parts of a page it has. On
 * anything else Next throws inside the page and answers 500.
 */
export function isRouterState(header: string): boolean {
  if (header.length > STATE_MAX) return false;
  try {
    return isState(JSON.parse(decodeURIComponent(header)));
  } catch {
    return false;
  }
}

/** `[segment, { slot: state }, url?, refresh?, hints?, name?]` */
function isState(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 2 || value.length > 6) return false;
  const [segment, slots, url, refresh, hints, name] = value;
  return (
    isSegment(segment) &&
    isRecord(slots) &&
    Object.values(slots).every(isState) &&
    (url == null || (isTexts(url) && url.length === 2)) &&
    (refresh == null || REFRESH_MARKS.has(refresh)) &&
    (hints == null || typeof hints === "number") &&
    (name === undefined || typeof name === "string")
  );
}

/** A name, or `[parameter, value, kind, siblings]`. */
function isSegment(value: unknown): boolean {
  if (typeof value === "string") return true;
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [parameter, key, kind, siblings] = value;
  return (
    isTexts([parameter, key, kind]) &&
    SEGMENT_KINDS.has(kind.replace(/\(.*\)$/, "")) &&
    (siblings === null || isTexts(siblings))
  );
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((part) => typeof part === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
