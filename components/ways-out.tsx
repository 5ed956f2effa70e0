import { TextLink } from "@/components/ui/text-link";
import type { WayOut } from "@/lib/shared/action-state";

/** The links at the end of a message, to the pages where to go on. */
export function WaysOut({ ways }: { ways: readonly WayOut[] }) {
  return ways.map(({ href, label }) => (
    <span key={href}>
      {" "}
      <TextLink href={href}>{label}</TextLink>
    </span>
  ));
}
