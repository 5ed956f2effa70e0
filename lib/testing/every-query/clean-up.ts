import { randomUUID } from "node:crypto";
import { expect, vi } from "vitest";
import { purge } from "../../accounts/clean-up";
import { register } from "../../accounts/register";
import { DAY_MS } from "../../shared/units";
import { newClient, newEmail, newPerson, PASSWORD } from "../people";
import { database } from "./at-home";

export async function walk(): Promise<void> {
  const typed = { username: `a${randomUUID().slice(0, 12)}`, email: newEmail(), password: PASSWORD };
  await register({ ...typed, confirmation: PASSWORD }, newClient());
  const leaver = await newPerson();
  await database.query('UPDATE "User" SET "deleteAt" = ? WHERE "id" = ?', new Date(0), leaver.id);
  expect(await purge(Date.now() + 60 * DAY_MS)).toMatchObject({ lapsed: 1 });
  vi.resetModules(); // the outbox is cleaned up where no mail server is set
  vi.stubEnv("SMTP_URL", "");
  vi.stubEnv("REQUIRE_VERIFIED_EMAIL", "");
  const { purgeOutbox } = await import("../../mail/outbox");
  await purgeOutbox();
}
