import type { Metadata } from "next";
import type { ReactNode } from "react";
import { AccountSection } from "@/components/account-section";
import { requireUser } from "@/lib/auth";
import { formatDay } from "@/lib/shared/moment";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const user = await requireUser();
  return (
    <AccountSection title="Profile" intro="How this site knows you.">
      <dl className="mt-6 divide-y divide-line border-line border-t">
        <Fact name="Username">{user.username}</Fact>
        <Fact name="Email">{user.email}</Fact>
        <Fact name="Member since">
          <time dateTime={user.createdAt.toISOString()}>{formatDay(user.createdAt)}</time>
        </Fact>
      </dl>
    </AccountSection>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 py-3 snug:grid-cols-[9rem_1fr]">
      <dt className="text-muted">{name}</dt>
      <dd className="wrap-anywhere font-medium">{children}</dd>
    </div>
  );
}
