import type { ReactNode } from "react";
import { Card } from "./ui/card";

type AccountSectionProps = {
  title: string;
  /** One sentence. */
  intro: ReactNode;
  children: ReactNode;
  /** Tells it from another section on the page. */
  id?: string;
};

/** One section of the account: a card with its title, one sentence, and what there is to see or do. */
export function AccountSection({ title, intro, children, id = "section" }: AccountSectionProps) {
  return (
    <section aria-labelledby={id} className="max-w-measure">
      <Card>
        <h2 id={id} className="text-lead">
          {title}
        </h2>
        <p className="wrap-anywhere mt-1 text-muted">{intro}</p>
        {children}
      </Card>
    </section>
  );
}
