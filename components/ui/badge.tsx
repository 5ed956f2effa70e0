/** A word or two that single one thing out among its like. */
export function Badge({ children }: { children: string }) {
  return (
    <span className="inline-block whitespace-nowrap rounded-control border border-info/25 bg-info-tint px-2 align-middle font-semibold text-info text-small">
      {children}
    </span>
  );
}
