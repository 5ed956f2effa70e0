import type { ReactNode } from "react";
import { Card } from "@/components/ui/card";
import { TextLink } from "@/components/ui/text-link";

type AuthCardProps = {
  title: string;
  children: ReactNode;
  /** The link to the sibling page, for people who came to the wrong one. */
  instead: { question: string; href: string; label: string };
};

/** The frame of a visitors' page: one card in the upper third, and the link to its sibling below. */
export function AuthCard({ title, children, instead }: AuthCardProps) {
  return (
    <div data-column="card" className="mx-auto w-full max-w-card px-4">
      <Card>
        <h1 className="mb-6 text-title">{title}</h1>
        {children}
      </Card>
      <p className="mt-6 text-center text-muted">
        {instead.question}{" "}
        <TextLink href={instead.href} className="text-ink">
          {instead.label}
        </TextLink>
      </p>
    </div>
  );
}
