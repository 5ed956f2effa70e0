import { ensureBuild } from "../../lib/testing/product";

/** Settings a build could take in, to be looked for in what came out of it (ASVS v5.0.0-13.3.1). */
export const CANARIES = {
  AUTH_SECRET: "canary-secret-9f1c7a52-in-a-build",
  DATABASE_URL: "postgres://canary-user:canary-password-4b7e@127.0.0.1:1/canary",
  LATCHKEY_CANARY: "canary-variable-c83d20-in-a-build",
};

/** Makes the build, where there is none of this code, with {@link CANARIES} in its environment. */
export async function buildAmongCanaries(): Promise<void> {
  Object.assign(process.env, CANARIES);
  await ensureBuild();
  for (const name of Object.keys(CANARIES)) delete process.env[name];
}
