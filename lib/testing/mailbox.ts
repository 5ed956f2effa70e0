import { afterAll } from "vitest";
import { Mailbox } from "./mail-sink";

/**
 * Starts a mail server for this test file and sets the app up to use it. To be called before anything reads the
 * environment: `const mailbox = await vi.hoisted(async () => (await import("…/testing/mailbox")).startMailbox())`.
 */
export async function startMailbox(settings: Record<string, string> = {}): Promise<Mailbox> {
  const mailbox = new Mailbox();
  await mailbox.start();
  afterAll(() => mailbox.stop());
  Object.assign(process.env, mailbox.settings, settings);
  return mailbox;
}
