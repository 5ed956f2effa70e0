import { formatAgo, formatExactly, formatMoment } from "@/lib/shared/moment";

/** A moment in words, and to the second for programs and for a pointer that rests on it. `isAgo`: how long ago it was. */
export function Moment({ at, isAgo = false }: { at: Date; isAgo?: boolean }) {
  return (
    <time dateTime={at.toISOString()} title={formatExactly(at)}>
      {isAgo ? formatAgo(at) : formatMoment(at)}
    </time>
  );
}
