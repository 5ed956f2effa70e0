import type { ReactNode } from "react";
import { AccountSections } from "@/components/account-sections";
import { features } from "@/lib/platform/env";

/** The frame around every section. It checks nothing and shows no one's data: each page requires its user itself. */
export default function AccountLayout({ children }: { children: ReactNode }) {
  return (
    <div className="mx-auto max-w-page px-4">
      <h1 className="mb-4 text-display wide:mb-6">Account</h1>
      <div className="grid snug:gap-4 wide:grid-cols-[12rem_1fr] wide:gap-8">
        <AccountSections features={features()} />
        {children}
      </div>
    </div>
  );
}
