import { expect } from "playwright/test";
import { type PostgresServer, startPostgres } from "../../lib/testing/postgres";
import { testAlone } from "../fixtures";
import { send } from "./visitor";

/** Settings for an instance on that server; all of them have one secret. */
export function onIts({ url }: PostgresServer) {
  return { DATABASE_URL: url, AUTH_SECRET: "one secret for all instances on one PostgreSQL server" };
}

/** The app on a PostgreSQL server that the story may stop and start. It is up and serving when the story begins. */
export const testOutage = testAlone.extend<{ postgres: PostgresServer }, { ownPostgres: PostgresServer }>({
  ownPostgres: [
    async ({ databaseKind: _ }, use) => {
      const postgres = await startPostgres();
      await use(postgres);
      await postgres.stop();
    },
    { scope: "worker" },
  ],
  expectsFailures: true,
  server: ({ sharedServer, ownPostgres, mailbox }, use) =>
    sharedServer({ ...onIts(ownPostgres), ...mailbox.settings }).then(use),
  postgres: async ({ server, ownPostgres }, use) => {
    let isUp = true;
    await use({
      ...ownPostgres,
      async stopServer() {
        await ownPostgres.stopServer();
        isUp = false;
      },
      async startAgain() {
        await ownPostgres.startAgain();
        isUp = true;
      },
    });
    if (!isUp) await ownPostgres.startAgain();
    await ownPostgres.setReadOnly(false);
    await expect.poll(async () => (await send(`${server.origin}/api/health/ready`)).status).toBe(200);
  },
});
