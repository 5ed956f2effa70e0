import type { ReactNode } from "react";
import { KeyMark } from "./brand";

type MessagePageProps = {
  title: string;
  /** One sentence. */
  children: ReactNode;
  /** One way out. */
  exit: ReactNode;
  /** What to name when asking for help: the log has the same id. */
  requestId?: string;
};

/** A page that is one message: a title, one sentence, one way out. */
export function MessagePage({ title, children, exit, requestId }: MessagePageProps) {
  return (
    <div
      data-column="card"
      className="mx-auto grid w-full max-w-card justify-items-center gap-4 px-4 pt-6 text-center wide:pt-10"
    >
      <KeyMark className="mb-2 size-12" />
      <h1 className="text-display">{title}</h1>
      <p className="text-muted">{children}</p>
      <div className="mt-4">{exit}</div>
      {requestId && (
        <p className="mt-4 text-muted text-small">
          Request id <code className="font-mono tabular-nums">{requestId}</code>
        </p>
      )}
    </div>
  );
}
