import { WarningIcon } from "./icons";

/** What is wrong with one field, below it: an icon and words, so that colour is never alone. */
export function FieldError({ id, children }: { id: string; children: string }) {
  return (
    <p id={id} className="flex gap-1.5 text-danger text-small">
      <WarningIcon width="18" height="18" className="mt-px shrink-0" />
      <span>{children}</span>
    </p>
  );
}
