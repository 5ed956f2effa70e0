import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A pooler in front of a PostgreSQL server that gives each transaction another connection. */
export interface Pooler {
  /** The database, through the pooler. */
  url: string;
  close(): Promise<void>;
}

/** What PgBouncer takes when a connection starts; anything else it refuses, by its default settings. */
const KNOWN_PARAMETERS = new Set([
  "user",
  "database",
  "application_name",
  "client_encoding",
  "DateStyle",
  "TimeZone",
]);

/** Connections to the server, for everyone. */
const BACKENDS = 6;

/**
 * Stands for PgBouncer in transaction mode: what begins a transaction gets the connection that has been free longest, so
 * nothing that a client leaves on one is found again, and others find it. The server must ask for no password.
 */
export async function startPooler(databaseUrl: string): Promise<Pooler> {
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  const startup = startupMessage({ user: username, database: pathname.slice(1), client_encoding: "UTF8" });
  const backends = await Promise.all(
    Array.from({ length: BACKENDS }, () => Backend.open(Number(port), hostname, startup)),
  );
  const free = [...backends];
  const waiting: ((backend: Backend) => void)[] = [];
  const lend: Lender = {
    take: (use) => {
      const backend = free.shift();
      if (backend) use(backend);
      else waiting.push(use);
    },
    giveBack: (backend) => {
      const use = waiting.shift();
      if (use) use(backend);
      else free.push(backend);
    },
  };
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client.on("error", () => client.destroy()));
    client.once("data", (asked: Buffer) => {
      const refused = parametersOf(asked).find((name) => !KNOWN_PARAMETERS.has(name));
      if (refused !== undefined) return client.end(fatal(`unsupported startup parameter: ${refused}`));
      client.write(backends[0]?.greeting ?? "");
      serve(client, lend);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    async close() {
      for (const client of clients) client.destroy();
      for (const { socket } of backends) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Lender {
  take(use: (backend: Backend) => void): void;
  giveBack(backend: Backend): void;
}

/** A connection to the server, which is ready. */
class Backend {
  readonly socket: Socket;
  greeting = Buffer.alloc(0);
  /** Who gets what the server says. */
  receive: (message: Buffer) => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on(
      "data",
      splitter((message) => this.receive(message)),
    );
  }

  static async open(port: number, host: string, startup: Buffer): Promise<Backend> {
    const backend = new Backend(connect(port, host));
    await new Promise<void>((resolve) => {
      backend.receive = (message) => {
        backend.greeting = Buffer.concat([backend.greeting, message]);
        if (isReady(message)) resolve();
      };
      backend.socket.write(startup);
    });
    return backend;
  }
}

/** Sends a client's messages to a connection that is lent to it from the first to the end of the transaction. */
function serve(client: Socket, { take, giveBack }: Lender): void {
  let [backend, isAsking]: [Backend | null, boolean] = [null, false];
  let unanswered = 0; // of the messages that the server answers with "ready"
  const waiting: Buffer[] = [];

  const receive = (message: Buffer) => {
    client.write(message);
    if (!isReady(message)) return;
    unanswered--;
    if (unanswered > 0 || message[5] !== code("I") || backend === null) return;
    const done = backend;
    backend = null;
    giveBack(done);
  };
  const flush = () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (next[0] === code("Q") || next[0] === code("S")) unanswered++;
      backend?.socket.write(next);
    }
  };
  const split = splitter((message) => {
    if (message[0] === code("X")) return client.end();
    waiting.push(message);
    if (backend) return flush();
    if (isAsking) return;
    isAsking = true;
    take((lent) => {
      isAsking = false;
      backend = lent;
      lent.receive = receive;
      flush();
    });
  });
  client.on("data", split);
}

function isReady(message: Buffer): boolean {
  return message[0] === code("Z");
}

/** Cuts a stream into messages: a letter, then a length that counts itself. */
function splitter(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5) {
      const end = 1 + rest.readUInt32BE(1);
      if (rest.length < end) return;
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

/** The names of what a client asks for when it starts: a length, a version, then pairs that end in NUL. */
function parametersOf(startup: Buffer): string[] {
  const texts = startup.subarray(8).toString("utf8").split("\0");
  return texts.filter((name, index) => index % 2 === 0 && name !== "");
}

function startupMessage(parameters: Record<string, string>): Buffer {
  const body = Buffer.from(`${Object.entries(parameters).flat().join("\0")}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.writeUInt32BE(0x30000, 4); // version 3.0
  return Buffer.concat([head, body]);
}

function fatal(message: string): Buffer {
  const body = Buffer.from(`SFATAL\0VFATAL\0C08P01\0M${message}\0\0`);
  const head = Buffer.from("E\0\0\0\0");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}
