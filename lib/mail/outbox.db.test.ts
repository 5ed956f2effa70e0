import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const { mailbox, FORMER } = await vi.hoisted(async () => {
  const { Mailbox } = await import("../testing/mail-sink");
  const mailbox = new Mailbox();
  await mailbox.start();
  const FORMER = "the former secret, which sealed what waits";
  Object.assign(process.env, mailbox.settings, {
    AUTH_URL: "https://accounts.example.com",
    AUTH_SECRET_PREVIOUS: `an even older secret than the former one,${FORMER}`,
  });
  return { mailbox, FORMER };
});

import { renameSync } from "node:fs";
import { unseal } from "../platform/crypto/seal";
import { db } from "../platform/db";
import { sqlitePath } from "../platform/db/url";
import { MINUTE_MS } from "../shared/units";
import { runsOn } from "../testing/database";
import { itOnce } from "../testing/it-once";
import { collectLog, type LogLines } from "../testing/log-lines";
import type { Mail } from "../testing/mail-sink";
import { deliverDue, isMailDelayed } from "./delivery";
import type { Email } from "./email";
import { enqueueEmail, readdressEmail, rewriteEmail, waitingEmails } from "./outbox";
import { send } from "./transport";

const TO = "Ada@example.com";

let logged: LogLines;

beforeEach(() => {
  logged = collectLog();
});

afterEach(async () => {
  mailbox.release();
  mailbox.mails.length = 0;
  mailbox.refused.clear();
  mailbox.deferred.clear();
  await db.outboxEmail.deleteMany();
});

afterAll(() => mailbox.stop());

const newEmail = (changes: Partial<Email> = {}): Email => ({
  to: TO,
  subject: "Grüße, Ada",
  text: "Hello\n\nüber ✓\n",
  html: "<p>Hello</p><p>über ✓</p>",
  expiresAt: new Date(Date.now() + 30 * MINUTE_MS),
  ...changes,
});

const enqueue = (changes?: Partial<Email>) => db.$transaction((tx) => enqueueEmail(newEmail(changes), tx));

/** Seals as an instance with another AUTH_SECRET does. */
async function sealWith(secret: string, id: string, text: string): Promise<string> {
  vi.resetModules();
  vi.stubEnv("AUTH_SECRET", secret);
  const instance = await import("../platform/crypto/seal");
  const sealed = instance.seal(id, text);
  vi.unstubAllEnvs();
  return sealed;
}

const waiting = () => db.outboxEmail.findMany();
const makeDue = () => db.outboxEmail.updateMany({ data: { dueAt: new Date() } });
const mailEvents = () => logged.lines().filter(({ event }) => String(event).startsWith("mail-"));

describe.runIf(runsOn() === "sqlite")("deliverDue without its database", () => {
  it("says so once a minute, however often it looks, and goes on when that is back", async () => {
    await enqueue();
    const path = sqlitePath(process.env.DATABASE_URL ?? "") ?? "";
    renameSync(path, `${path}.away`);
    for (let look = 0; look < 5; look++) await deliverDue();
    renameSync(`${path}.away`, path);
    expect(logged.lines()).toEqual([
      expect.objectContaining({
        level: "warn",
        event: "unavailable",
        service: "database",
        reason: expect.stringContaining(`${path} is away`),
      }),
    ]);
    await deliverDue();
    expect(mailbox.mails).toHaveLength(1);
  });
});

describe("enqueueEmail", () => {
  it("keeps an email with what it tells about, or neither", async () => {
    const failed = db.$transaction(async (tx) => {
      await enqueueEmail(newEmail(), tx);
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    expect(await waiting()).toEqual([]);
    await enqueue();
    expect(await waiting()).toHaveLength(1);
  });

  itOnce("keeps nothing of it in clear", async () => {
    await enqueue();
    expect(JSON.stringify(await waiting())).not.toMatch(/ada@|hello|Grü/i);
  });
});

describe("deliverDue", () => {
  it("hands an email over as it was written, once, and deletes it", async () => {
    await enqueue();
    const [row] = await waiting();
    await deliverDue();
    await deliverDue();
    expect(mailbox.mails).toHaveLength(1);
    const [mail] = mailbox.mails as [Mail];
    expect(mail.recipients).toEqual([TO]);
    expect(mail.text.trim()).toBe("Hello\n\nüber ✓");
    expect(mail.html.trim()).toBe("<p>Hello</p><p>über ✓</p>");
    expect(mail.headers.get("from")).toBe("Latchkey <latchkey@example.com>");
    expect(mail.headers.get("to")).toBe(TO);
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail.headers.get("message-id")).toBe(`<${row?.id}@accounts.example.com>`);
    expect([...mail.headers.keys()].sort()).toEqual(
      [
        "auto-submitted",
        "content-type",
        "date",
        "from",
        "message-id",
        "mime-version",
        "subject",
        "to",
      ].sort(),
    );
    expect(await waiting()).toEqual([]);
    expect(mailEvents()).toEqual([]);
  });

  itOnce.each([
    ["to", { to: "a@b.co\r\nBcc: x@evil.example" }],
    ["to", { to: "a@b.co, x@evil.example" }],
    ["to", { to: '"x@evil.example" <a@b.co>' }],
    ["subject", { subject: "Hello\r\nBcc: x@evil.example\r\n\r\nbody" }],
  ])("lets no line break in %s become a header or a recipient: %j", async (_field, changes) => {
    await enqueue(changes);
    await deliverDue();
    for (const { recipients, headers } of mailbox.mails) {
      expect(recipients).toHaveLength(1);
      expect(headers.has("bcc")).toBe(false);
      expect(recipients[0]).not.toBe("x@evil.example");
    }
  });

  it("sends each of thirty emails once, however many deliver at a time", async () => {
    for (let count = 0; count < 30; count++) await enqueue({ to: `ada-${count}@example.com` });
    await Promise.all(Array.from({ length: 8 }, deliverDue));
    await expect.poll(waiting).toEqual([]);
    const recipients = mailbox.mails.map(({ recipients }) => recipients[0]);
    expect(recipients).toHaveLength(30);
    expect(new Set(recipients).size).toBe(30);
  });

  it("sends first what somebody waits for", async () => {
    for (const to of ["alert-1@example.com", "alert-2@example.com"])
      await db.$transaction((tx) => enqueueEmail(newEmail({ to }), tx, { isAwaited: false }));
    await enqueue({ to: "awaited@example.com" });
    await deliverDue();
    await expect.poll(waiting).toEqual([]);
    expect(mailbox.mails[0]?.recipients).toEqual(["awaited@example.com"]);
  });

  itOnce("leaves an email for later until then, and does not call it late", async () => {
    const dueAt = new Date(Date.now() + 60 * MINUTE_MS);
    await db.$transaction((tx) => enqueueEmail(newEmail({ expiresAt: dueAt }), tx, { dueAt }));
    await deliverDue();
    expect(mailbox.mails).toEqual([]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 59 * MINUTE_MS });
    expect(await isMailDelayed()).toBe(false);
    vi.useRealTimers();
    await makeDue();
    await db.outboxEmail.updateMany({ data: { expiresAt: new Date(Date.now() + MINUTE_MS) } });
    await deliverDue();
    expect(mailbox.mails).toHaveLength(1);
  });

  it("tries again with growing waits when the mail server is down, and says so without the address", async () => {
    await mailbox.stop();
    try {
      await enqueue();
      const waits: number[] = [];
      for (let attempt = 0; attempt < 8; attempt++) {
        await makeDue();
        await deliverDue();
        const [row] = await waiting();
        waits.push(Math.round(((row?.dueAt.getTime() ?? 0) - Date.now()) / 1000));
      }
      expect(waits).toEqual([15, 30, 60, 120, 240, 480, 900, 900]);
    } finally {
      await mailbox.start();
    }
    const { host } = new URL(String(mailbox.settings.SMTP_URL));
    expect(mailEvents(), "a few a minute are enough").toHaveLength(5);
    expect(mailEvents()[0]).toMatchObject({
      level: "warn",
      event: "mail-delayed",
      attempts: 1,
      reason: `The mail server at ${host} takes no connections: start it, or check SMTP_URL (ECONNREFUSED).`,
    });
    expect(logged.text()).not.toMatch(/ada@/i);
    await makeDue();
    await deliverDue();
    expect(mailbox.mails).toHaveLength(1);
    expect(await waiting()).toEqual([]);
    expect(logged.lines().at(-1)).toMatchObject({ event: "available", service: "mail server" });
  });

  itOnce("refuses a mail server whose certificate no authority has signed", async () => {
    const { Mailbox } = await import("../testing/mail-sink");
    const unknown = new Mailbox({ secure: true });
    await unknown.start();
    try {
      const mail = {
        smtpUrl: new URL(String(unknown.settings.SMTP_URL)),
        from: { name: "", address: "a@b.co" },
      };
      await expect(send("id", newEmail(), mail)).rejects.toThrow(/self.signed|certificate/i);
      expect(unknown.mails).toEqual([]);
    } finally {
      await unknown.stop();
    }
  });

  it("sends no text from before an email was written anew, at the moment when it is claimed too", async () => {
    const id = (await enqueue()) ?? "";
    const find = db.outboxEmail.findFirst.bind(db.outboxEmail);
    const spy = vi.spyOn(db.outboxEmail, "findFirst");
    spy.mockImplementationOnce(((query: Parameters<typeof find>[0]) =>
      find(query).then(async (row) => {
        expect(await rewriteEmail(id, newEmail({ text: "as it is now\n" }), db)).toBe(true);
        return row;
      })) as typeof find);
    await deliverDue();
    spy.mockRestore();
    expect(mailbox.mails.map(({ text }) => text.trim())).toEqual(["as it is now"]);
  });

  it("has an email that is leaving for one address go to the next one as well, also where it is refused, which the log then does not call failed", async () => {
    const NEXT = "next@example.com";
    for (const isRefused of [false, true]) {
      if (isRefused) mailbox.refused.add(TO);
      const id = (await enqueue()) ?? "";
      const before = mailbox.connections;
      mailbox.hold();
      const leaving = deliverDue();
      await expect.poll(() => mailbox.connections).toBe(before + 1);
      await readdressEmail(id, async (email) => ({ ...email, to: NEXT }), db);
      mailbox.release();
      await leaving;
      await makeDue();
      await deliverDue();
      expect(mailbox.mails.flatMap(({ recipients }) => recipients)).toEqual(isRefused ? [NEXT] : [TO, NEXT]);
      expect(await waiting()).toEqual([]);
      expect(mailEvents()).toEqual([]);
      mailbox.mails.length = 0;
    }
  });

  it("leaves an email that another process has claimed, until its time is over", async () => {
    await enqueue();
    const before = mailbox.connections;
    mailbox.hold();
    const slow = deliverDue();
    await expect.poll(() => mailbox.connections).toBe(before + 1);
    await deliverDue(); // another one, while the first still waits
    const [row] = await waiting();
    expect(row?.attempts).toBe(1);
    expect((row?.dueAt.getTime() ?? 0) - Date.now()).toBeGreaterThan(MINUTE_MS);
    mailbox.release();
    await slow;
    expect(mailbox.mails).toHaveLength(1);
    expect(await waiting()).toEqual([]);
  });

  it("sends what a process had claimed when it died", async () => {
    await enqueue();
    await db.outboxEmail.updateMany({ data: { attempts: 1, dueAt: new Date(Date.now() - 1) } });
    await deliverDue();
    expect(mailbox.mails).toHaveLength(1);
  });

  itOnce("gives up on an address the mail server refuses for good", async () => {
    mailbox.refused.add(TO);
    await enqueue();
    await deliverDue();
    expect(await waiting()).toEqual([]);
    expect(mailEvents()).toMatchObject([{ event: "mail-failed", reason: "EENVELOPE 550" }]);
  });

  itOnce("does not send what has expired", async () => {
    await enqueue({ expiresAt: new Date(Date.now() - 1000) });
    await deliverDue();
    expect(mailbox.mails).toEqual([]);
    expect(await waiting()).toEqual([]);
    expect(mailEvents()).toMatchObject([{ event: "mail-failed", reason: "too late" }]);
  });

  itOnce("sends what was sealed before AUTH_SECRET changed", async () => {
    const id = (await enqueue()) ?? "";
    const [row] = await waiting();
    const sealed = await sealWith(FORMER, id, unseal(id, row?.sealed ?? ""));
    await db.outboxEmail.update({ where: { id }, data: { sealed } });
    await deliverDue();
    expect(mailbox.mails).toHaveLength(1);
    expect(await waiting()).toEqual([]);
  });

  itOnce("leaves what it cannot open until it is too late, and tells of it once a minute", async () => {
    const ids = [(await enqueue()) ?? "", (await enqueue()) ?? ""];
    for (const id of ids) {
      const sealed = await sealWith("a secret that is named nowhere at all", id, "{}");
      await db.outboxEmail.update({ where: { id }, data: { sealed } });
    }
    for (let look = 0; look < 2; look++) {
      await deliverDue();
      await makeDue();
    }
    expect(await waiting()).toMatchObject([{ attempts: 2 }, { attempts: 2 }]);
    expect(await isMailDelayed()).toBe(true);
    expect(mailEvents()).toEqual([
      expect.objectContaining({
        event: "mail-delayed",
        reason: expect.stringContaining("AUTH_SECRET_PREVIOUS"),
      }),
    ]);

    await db.outboxEmail.updateMany({ data: { expiresAt: new Date() } });
    await deliverDue();
    expect(await waiting()).toEqual([]);
    expect(mailEvents().at(-1)).toMatchObject({ event: "mail-failed", reason: "too late" });
  });
});

describe("waitingEmails", () => {
  it("reads what waits, the latest first, and leaves out what it cannot read", async () => {
    await enqueue({ subject: "first" });
    await enqueue({ subject: "second" });
    const [{ id = "" } = {}] = await db.outboxEmail.findMany({ orderBy: { createdAt: "asc" }, take: 1 });
    await db.outboxEmail.update({ where: { id }, data: { createdAt: new Date(Date.now() - MINUTE_MS) } });
    expect((await waitingEmails()).map(({ subject }) => subject)).toEqual(["second", "first"]);
    await db.outboxEmail.update({ where: { id }, data: { sealed: "A".repeat(100) } });
    expect((await waitingEmails()).map(({ subject }) => subject)).toHaveLength(1);
  });
});

describe("isMailDelayed", () => {
  it("says so once an email has waited for a minute", async () => {
    expect(await isMailDelayed()).toBe(false);
    await enqueue();
    expect(await isMailDelayed()).toBe(false);
    await db.outboxEmail.updateMany({ data: { dueAt: new Date(Date.now() - MINUTE_MS - 1000) } });
    expect(await isMailDelayed()).toBe(true);
  });

  itOnce(
    "does not say so of an address that the mail server takes later, however long it tries",
    async () => {
      mailbox.deferred.add(TO);
      await enqueue();
      await deliverDue();
      await db.outboxEmail.updateMany({ data: { createdAt: new Date(Date.now() - 60 * MINUTE_MS) } });
      expect(await waiting()).toMatchObject([{ attempts: 1, failedAt: null }]);
      expect(mailEvents()).toMatchObject([{ event: "mail-delayed", reason: "EENVELOPE 450" }]);
      expect(await isMailDelayed()).toBe(false);
      mailbox.deferred.clear();
      await makeDue();
      await deliverDue();
      expect(await waiting()).toEqual([]);
    },
  );

  itOnce("says so at once where the mail server is down, and no more when it is back", async () => {
    await mailbox.stop();
    await enqueue();
    await deliverDue();
    await mailbox.start();
    expect(await isMailDelayed()).toBe(true);
    await makeDue();
    await deliverDue();
    expect(await isMailDelayed()).toBe(false);
  });
});
