import { randomInt } from "node:crypto";
import { type Database, openDatabase } from "../../lib/testing/look-in";
import { noteInstallation } from "./cookie-jar";
import { type FrontProxy, type Pooler, startNginx, startPgBouncer } from "./deploy";
import { onIts, testOutage } from "./outage";
import { type AppServer, freePort, type Settings } from "./server";
import { Visitor } from "./visitor";

/** Two instances on one PostgreSQL, with nginx before and PgBouncer behind them, both set up by the samples for operators. */
export interface Machines {
  instances: [AppServer, AppServer];
  database: Database;
  /** Starts an instance once more that was killed. */
  restart(instance: AppServer): Promise<AppServer>;
  /** Someone before nginx, who comes from a network of their own. */
  newVisitor(): Visitor;
}

/** The site that the story's pages open is nginx. */
export const testMachines = testOutage.extend<{ machines: Machines }>({
  machines: async ({ ownPostgres, ownServer, ownMailbox }, use) => {
    const databaseUrl = await ownPostgres.createDatabase("machines");
    let [proxy, pooler]: [FrontProxy?, Pooler?] = [];
    try {
      pooler = await startPgBouncer(databaseUrl);
      const ports: [string, string] = [String(await freePort()), String(await freePort())];
      proxy = await startNginx(ports);
      const { origin, certificate } = proxy;
      const settings: Settings = {
        ...onIts({ ...ownPostgres, url: pooler.databaseUrl }),
        ...ownMailbox.settings,
        AUTH_URL: origin,
        HOSTNAME: "127.0.0.1",
      };
      const start = (PORT: string) => ownServer({ ...settings, PORT });
      const instances = await Promise.all([start(ports[0]), start(ports[1])]);
      noteInstallation(origin, instances[0].installation);
      await use({
        instances,
        database: openDatabase(databaseUrl),
        restart: ({ settings }) => ownServer(settings),
        newVisitor: () => new Visitor(origin, {}, { ca: certificate, localAddress: newLocalAddress() }),
      });
    } finally {
      await Promise.all([proxy?.stop(), pooler?.stop()]);
    }
  },
  site: ({ machines: { instances } }, use) =>
    use({ ...instances[0], origin: instances[0].settings.AUTH_URL ?? "" }),
});

/** All of 127.0.0.0/8 is this machine on Linux. */
function newLocalAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`;
}
