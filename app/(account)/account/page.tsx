import type { Metadata } from "next";
import type { ReactNode } from "react";
import { AccountSections } from "@/components/account-sections";
import { Card } from "@/components/ui/card";
import { requireUser } from "@/lib/auth/guards";

export const metadata: Metadata = { title: "Account" };

/** In UTC, so that the day does not depend on where the server stands. */
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

export default async function AccountPage() {
  const user = await requireUser();
  return (
    <div className="mx-auto max-w-page px-4">
      <h1 className="mb-4 text-display wide:mb-6">Account</h1>
      <div className="grid snug:gap-4 wide:grid-cols-[12rem_1fr] wide:gap-8">
        <AccountSections />
        <section aria-labelledby="profile">
          <Card>
            <h2 id="profile" className="text-lead">
              Profile
            </h2>
            <p className="mt-1 text-muted">How this site knows you.</p>
            <dl className="mt-6 divide-y divide-line border-line border-t">
              <Fact name="Username">{user.username}</Fact>
              <Fact name="Email">{user.email}</Fact>
              <Fact name="Member since">
                <time dateTime={user.createdAt.toISOString()}>{day.format(user.createdAt)}</time>
              </Fact>
            </dl>
          </Card>
        </section>
      </div>
    </div>
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
