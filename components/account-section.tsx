import type { ReactNode } from "react";
import { Card } from "./ui/card";

type AccountSectionProps = {
  title: string;
  /** One sentence. */
  intro: ReactNode;
  children: ReactNode;
};

/** One section of the account: a card with its title, one sentence, and what there is to see or do. */
export function AccountSection({ title, intro, children }: AccountSectionProps) {
  return (
    <section aria-labelledby="section" className="max-w-measure">
      <Card>
        <h2 id="section" className="text-lead">
          {title}
        </h2>
        <p className="wrap-anywhere mt-1 text-muted">{intro}</p>
        {children}
      </Card>
    </section>
  );
}
