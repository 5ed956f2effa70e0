import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** An address that stays while the PostgreSQL server behind it changes. */
export interface StableAddress {
  /** The database, by this address. */
  url: string;
  /** Leads to this database's server from now on; who is connected to the former one no longer is. */
  leadTo(url: string): void;
  /** Open connections carry nothing more and do not end, as when a machine has lost its power. New ones are not concerned. */
  silence(): void;
  close(): Promise<void>;
}

/** Opens an address that leads to this database's server. */
export async function openStableAddress(databaseUrl: string): Promise<StableAddress> {
  let target = new URL(databaseUrl);
  const open = new Set<[Socket, Socket]>();

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const both: [Socket, Socket] = [client, upstream];
    open.add(both);
    for (const end of both) {
      const other = end === client ? upstream : client;
      end.on("error", () => {});
      end.on("data", (chunk: Buffer) => void (open.has(both) && other.write(chunk)));
      end.once("close", () => {
        if (open.delete(both)) other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const silenced = new Set<Socket>();
  const cut = () => {
    for (const both of open) for (const end of both) end.destroy();
  };
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    leadTo(next) {
      target = new URL(next);
      cut();
    },
    silence() {
      for (const end of [...open].flat()) silenced.add(end);
      open.clear();
    },
    async close() {
      cut();
      for (const end of silenced) end.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
