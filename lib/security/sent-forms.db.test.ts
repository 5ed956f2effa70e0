import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { db } from "../platform/db";
import { itOnce } from "../testing/it-once";
import { answerOnce, LEASE_MS, purgeSentForms, SENT_FORM_MS } from "./sent-forms";

/** A form and what has been done about it. */
function newForm() {
  const twins = { id: randomUUID(), key: randomBytes(32) };
  const { id } = twins;
  let count = 0;
  /** @param isGood false: it is refused, which is told to those who wait alone; null: it is told to nobody */
  const send = (isGood: boolean | null = true, finished = async () => {}) =>
    answerOnce(
      twins,
      async () => {
        const mine = ++count;
        await finished();
        const kept = { text: `kept ${mine}`, isLasting: isGood === true };
        return { result: `worked ${mine}`, kept: isGood === null ? null : kept };
      },
      async (kept, hasWaited) => (isGood || hasWaited ? `repeats ${kept}` : null),
    );
  return { id, send, count: () => count };
}

const isClaimed = async (id: string) => (await db.sentForm.findUnique({ where: { id } })) !== null;

describe("answerOnce", () => {
  it("works on one of several equal forms that come at once, and tells the others the same", async () => {
    const { send, count } = newForm();
    const answers = await Promise.all(Array.from({ length: 5 }, () => send()));
    expect(answers.sort()).toEqual([...Array(4).fill("repeats kept 1"), "worked 1"]);
    expect(count()).toBe(1);
  });

  it("keeps the others waiting for as long as the first one takes", async () => {
    const { id, send } = newForm();
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = send(true, () => finished);
    await expect.poll(() => isClaimed(id)).toBe(true);
    const second = send();
    finish();
    expect(await first).toBe("worked 1");
    expect(await second).toBe("repeats kept 1");
  });

  itOnce("works on another form for itself", async () => {
    const [one, other] = [newForm(), newForm()];
    expect([await one.send(), await other.send()]).toEqual(["worked 1", "worked 1"]);
  });

  it("works on each where the answer of the first is for nobody else, and again the next time", async () => {
    const { send } = newForm();
    const answers = await Promise.all([send(null), send(null), send(null)]);
    expect(answers.sort()).toEqual(["worked 1", "worked 2", "worked 3"]);
    expect(await send()).toBe("worked 4");
    expect(await send()).toBe("repeats kept 4");
  });

  /** One that is being worked on while others come; `finish` answers it. */
  async function begin({ id, send }: ReturnType<typeof newForm>, isGood: boolean | null) {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const first = send(isGood, () => finished);
    await expect.poll(() => isClaimed(id)).toBe(true);
    return { first, finish };
  }

  const isAwaited = async (id: string) =>
    (await db.sentForm.findUnique({ where: { id }, select: { answer: true } }))?.answer === "awaited";

  it("tells a refusal to those who wait for it, and works on one that comes later", async () => {
    const form = newForm();
    const { first, finish } = await begin(form, false);
    const other = form.send(false);
    await expect.poll(() => isAwaited(form.id)).toBe(true); // of more than one, not all might have come to wait
    finish();
    expect(await first).toBe("worked 1");
    expect(await other).toBe("repeats kept 1");
    expect(await form.send(false)).toBe("worked 2");
    expect(await form.send()).toBe("worked 3");
  });

  itOnce("keeps nothing of a refusal that nobody waits for", async () => {
    const { id, send } = newForm();
    await send(false);
    expect(await isClaimed(id)).toBe(false);
  });

  it("works on one at a time where the first told nobody, and tells the rest what the next came to", async () => {
    const form = newForm();
    const { first, finish } = await begin(form, null);
    const others = Array.from({ length: 4 }, () => form.send());
    finish();
    expect(await first).toBe("worked 1");
    expect((await Promise.all(others)).sort()).toEqual([...Array(3).fill("repeats kept 2"), "worked 2"]);
    expect(form.count()).toBe(2);
  });

  it("works on one of those that wait where the first failed", async () => {
    const form = newForm();
    let fail = () => {};
    const failing = new Promise<void>((_, reject) => {
      fail = () => reject(new Error("no disk"));
    });
    const first = form.send(true, () => failing);
    await expect.poll(() => isClaimed(form.id)).toBe(true);
    const others = [form.send(), form.send()];
    await expect.poll(() => isAwaited(form.id)).toBe(true);
    fail();
    await expect(first).rejects.toThrow("no disk");
    expect((await Promise.all(others)).sort()).toEqual(["repeats kept 2", "worked 2"]);
  });

  itOnce("works on it again where the first one failed", async () => {
    const { id, send } = newForm();
    await expect(send(true, () => Promise.reject(new Error("no disk")))).rejects.toThrow("no disk");
    expect(await isClaimed(id)).toBe(false);
    expect(await send()).toBe("worked 2");
  });

  it("works on one of the others where the answer of the first holds no more, however many there are", async () => {
    const twins = { id: randomUUID(), key: randomBytes(32) };
    let [count, over] = [0, ""];
    const send = () =>
      answerOnce<string>(
        twins,
        async () => ({
          result: `worked ${++count}`,
          kept: { text: `worked ${count}`, isLasting: true },
        }),
        async (kept) => (kept === over ? null : `repeats ${kept}`),
      );
    expect([await send(), await send()]).toEqual(["worked 1", "repeats worked 1"]);
    over = "worked 1";
    const answers = await Promise.all(Array.from({ length: 5 }, send));
    expect(answers.sort()).toEqual([...Array.from({ length: 4 }, () => "repeats worked 2"), "worked 2"]);
  });

  it("repeats nothing after a minute", async () => {
    const { id, send } = newForm();
    await send();
    await db.sentForm.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await send()).toBe("worked 2");
  });

  it("works on one of several whose page was answered before and not yet forgotten", async () => {
    const { id, send, count } = newForm();
    await send();
    await db.sentForm.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } });
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.sort()).toEqual(["repeats kept 2", "repeats kept 2", "worked 2"]);
    expect(count()).toBe(2);
  });

  it("is told soon of a process that was killed at work, and never of one that goes on", async () => {
    const { id, send } = newForm();
    let finish = () => {};
    const first = send(
      true,
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    await expect.poll(() => isClaimed(id)).toBe(true);
    const endOfLease = async () =>
      (await db.sentForm.findUniqueOrThrow({ where: { id } })).expiresAt.getTime();
    const begun = await endOfLease();
    expect(begun).toBeLessThanOrEqual(Date.now() + LEASE_MS.held);
    await expect.poll(endOfLease, { timeout: 3 * LEASE_MS.renewed }).toBeGreaterThan(begun);
    finish();
    expect(await first).toBe("worked 1");
    expect(await send()).toBe("repeats kept 1");
  });

  it("leaves the claim of another that took over as it is", async () => {
    const { id, send } = newForm();
    const takenOver = new Date(Date.now() + 2 * LEASE_MS.held);
    const late = async () =>
      void (await db.sentForm.update({ where: { id }, data: { expiresAt: takenOver } }));
    expect(await send(false, late)).toBe("worked 1");
    expect(await db.sentForm.findUnique({ where: { id } })).toMatchObject({
      answer: null,
      expiresAt: takenOver,
    });
  });

  itOnce("keeps no answer readable, and none for another form", async () => {
    const [one, other] = [newForm(), newForm()];
    await one.send();
    await other.send();
    const { answer } = await db.sentForm.findUniqueOrThrow({ where: { id: one.id } });
    expect(answer).not.toContain("kept");
    await db.sentForm.update({ where: { id: other.id }, data: { answer } });
    await expect(other.send()).rejects.toThrow();
  });
});

describe("purgeSentForms", () => {
  it("deletes what is told no more, and nothing else", async () => {
    const { id, send } = newForm();
    await send();
    await purgeSentForms();
    expect(await isClaimed(id)).toBe(true);
    await purgeSentForms(Date.now() + SENT_FORM_MS + 1);
    expect(await isClaimed(id)).toBe(false);
  });
});
