import type { ReactNode } from "react";

/** Things of one kind below each other, each with its facts and what can be done with it; nothing is wider than a phone. */
export function ItemList({ children }: { children: ReactNode }) {
  return <ul className="mt-6 divide-y divide-line border-line border-t">{children}</ul>;
}

type ItemProps = {
  /** The id of its title. */
  id?: string;
  title: ReactNode;
  /** Its facts, an `ItemFact` each. */
  children: ReactNode;
  /** A button, at the right or below. */
  action?: ReactNode;
};

export function Item({ id, title, children, action }: ItemProps) {
  return (
    <li className="grid gap-x-4 gap-y-3 py-4 snug:grid-cols-[1fr_auto] snug:items-center">
      <div className="wrap-anywhere min-w-0">
        <p id={id} className="font-semibold first-letter:uppercase">
          {title}
        </p>
        {children}
      </div>
      {action}
    </li>
  );
}

/** One line about an item. */
export function ItemFact({ children }: { children: ReactNode }) {
  return <p className="text-muted text-small first-letter:uppercase">{children}</p>;
}
