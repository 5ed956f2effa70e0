import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { ButtonForm } from "@/components/form/button-form";
import { Card } from "@/components/ui/card";
import { Moment } from "@/components/ui/moment";
import { currentLeavingSession } from "@/lib/auth";
import { returnPath, sessionEndedPathFor } from "@/lib/shared/routes";
import { isAnsweringForm } from "@/lib/web/request";
import { keepAccountAction, leaveAction } from "./actions";

export const metadata: Metadata = { title: "Keep your account?" };

type KeepAccountPageProps = { searchParams: Promise<{ callbackUrl?: string | string[] }> };

/** Asks somebody who has logged in to an account that is to be deleted whether it stays. Their session opens nothing else. */
export default async function KeepAccountPage({ searchParams }: KeepAccountPageProps) {
  const callbackUrl = returnPath((await searchParams).callbackUrl);
  const session = await currentLeavingSession();
  if (!session) {
    if (await isAnsweringForm()) return null; // the action says where to go
    redirect(sessionEndedPathFor(callbackUrl));
  }
  return (
    <div data-column="card" className="mx-auto w-full max-w-card px-4">
      <Card>
        <h1 className="mb-6 text-title">Keep your account?</h1>
        <p className="wrap-anywhere text-muted">
          The account <strong className="text-ink">{session.user.username}</strong> is to be deleted. On{" "}
          <Moment at={session.deleteAt} /> it is erased, with everything that is kept about you.
        </p>
        <p className="mt-3 mb-6 text-muted">
          If you did not ask for that, keep it, and then choose a new password: somebody else knows yours.
        </p>
        <ButtonForm
          action={keepAccountAction}
          hidden={{ callbackUrl }}
          label="Keep my account"
          busyLabel="Keeping…"
        />
        <ButtonForm
          action={leaveAction}
          look="quiet"
          label="No, log out"
          busyLabel="Logging out…"
          className="mt-3"
        />
      </Card>
    </div>
  );
}
