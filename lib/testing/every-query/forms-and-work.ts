import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { vi } from "vitest";
import { db } from "../../platform/db";
import { LEASE_MS, withLease } from "../../platform/db/lease";
import { dropFormsOfOthers, isAnyFormKept, keepForm, takeKeptForm } from "../../security/kept-forms";
import { answerOnce, LEASE_MS as FORM_LEASE_MS, findAnswer, TOLD_MS } from "../../security/sent-forms";
import { KEPT_FORMS_MAX } from "../../shared/limits";

/** A form is sent again before its answer is there, which is told and soon forgotten. */
async function answerThoseWhoWait(): Promise<void> {
  const twins = { id: randomUUID(), key: randomBytes(32) };
  const untilAwaited = async () => {
    while ((await db.sentForm.count({ where: { id: twins.id, answer: { not: null } } })) === 0)
      await nextTurn();
  };
  let waiting: Promise<string> | null = null;
  await answerOnce(
    twins,
    async () => {
      waiting = answerOnce(
        twins,
        async () => ({ result: "", kept: null }),
        async (kept) => kept,
      );
      await Promise.race([waiting, untilAwaited()]);
      return { result: "", kept: { text: "told", isLasting: false } };
    },
    async () => null,
  );
  await waiting;
  vi.advanceTimersByTime(TOLD_MS);
}

export async function walk(): Promise<void> {
  const twins = { id: randomUUID(), key: randomBytes(32) };
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  for (const kept of [null, "told", "told once the former is over"])
    await answerOnce(
      twins,
      async () => {
        vi.advanceTimersByTime(FORM_LEASE_MS.renewed);
        return { result: "", kept: kept === null ? null : { text: kept, isLasting: true } };
      },
      async () => null,
    );
  await answerThoseWhoWait();
  vi.useRealTimers();
  await findAnswer(twins);
  const token = randomBytes(32).toString("base64url");
  const kept = { page: "/", form: "", values: {} };
  for (let page = 0; page <= KEPT_FORMS_MAX; page++)
    await keepForm(token, "grace", { ...kept, page: `/${page}` });
  await keepForm(token, "ada", kept);
  await dropFormsOfOthers(token, ["ada"]);
  await isAnyFormKept(token);
  await takeKeptForm(token, "/", ["ada", "ada by a former secret"]);
  await withLease("walk", async (isHeld) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + LEASE_MS / 2 });
    await isHeld();
    vi.useRealTimers();
  });
}
