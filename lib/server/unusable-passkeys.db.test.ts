import { expect } from "vitest";
import { type Env, env } from "../platform/env";
import { itOnce as it } from "../testing/it-once";
import { collectLog } from "../testing/log-lines";
import { passkeyOf } from "../testing/passkeys";
import { newPerson } from "../testing/people";
import { giveApp } from "../testing/second-factors";
import { noteUnusablePasskeys } from "./unusable-passkeys";

/** What a start with these settings says. */
async function saidWith(changed: Partial<Env>): Promise<string> {
  const log = collectLog();
  await noteUnusablePasskeys({ ...env(), requireTwoFactor: true, ...changed });
  return log.text();
}

it("says at the start how many a setting keeps out, and nothing where it keeps out nobody", async () => {
  const [ada, , eve] = [await newPerson(), await newPerson(), await newPerson()];
  await passkeyOf(ada);
  await passkeyOf(eve);
  await giveApp(eve);
  const elsewhere = { publicUrl: new URL("https://new.example") };
  const off = { features: { ...env().features, passkeys: false } };
  expect(await saidWith({})).toBe("");
  expect(await saidWith({ ...elsewhere, requireTwoFactor: false })).toBe("");
  expect(await saidWith(elsewhere)).toContain(
    "1 account has no second factor but passkeys, which were made for another host than new.example",
  );
  expect(await saidWith(off)).toContain("which are off: by PASSKEYS=false");
  await passkeyOf(await newPerson());
  expect(await saidWith(off)).toContain("2 accounts have no second factor");
  expect(await saidWith({ databaseUrl: "file:/nowhere/at/all.db" }), "no start fails by it").toContain(
    "could not be looked up",
  );
});
