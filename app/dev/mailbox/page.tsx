import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { Card } from "@/components/ui/card";
import { waitingEmails } from "@/lib/mail/outbox";
import { isFromThisMachine } from "@/lib/platform/connection";
import { env } from "@/lib/platform/env";

export const metadata: Metadata = { title: "Mailbox" };

/**
 * In development, the emails that the app has written and not sent, for the person at this machine: whoever reads them has
 * the accounts. Anywhere else, and for anyone else, this page does not exist.
 */
export default async function MailboxPage() {
  if (process.env.NODE_ENV !== "development" || !isFromThisMachine()) notFound();
  const emails = await waitingEmails();
  return (
    <div className="mx-auto grid max-w-page gap-4 px-4">
      <h1 className="text-display">Mailbox</h1>
      <p className="text-muted">
        {env().mail
          ? "Emails go to SMTP_URL; those still waiting are here."
          : "Every email of this app is here."}
      </p>
      {emails.map(({ id, createdAt, to, subject, text, html }) => (
        <Card key={id}>
          <h2 className="text-lead">{subject}</h2>
          <p className="mt-1 text-muted text-small">
            To {to}, <time dateTime={createdAt.toISOString()}>{createdAt.toISOString()}</time>
          </p>
          <p className="wrap-anywhere mt-4 whitespace-pre-line">
            {text.split(/(https?:\/\/\S+)/).map((part, index) =>
              index % 2 === 1 ? (
                <a key={part} href={part} className="underline">
                  {part}
                </a>
              ) : (
                part
              ),
            )}
          </p>
          <iframe
            title={`${subject}, as HTML`}
            sandbox=""
            srcDoc={html}
            className="mt-4 h-120 w-full rounded-control border border-line"
          />
        </Card>
      ))}
    </div>
  );
}
