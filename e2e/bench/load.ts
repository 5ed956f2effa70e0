import { connect, type Socket } from "node:net";

/** What to ask for, as JSON in the one argument. */
export interface LoadOrders {
  origin: string;
  path: string;
  headers: Record<string, string>;
  connections: number;
  /** How long to ask before anything is counted, and how long to count, in milliseconds. */
  leadMs: number;
  countedMs: number;
}

export interface LoadReport {
  perSecond: number;
  /** The share of one core that this process took meanwhile. */
  ownShare: number;
}

/**
 * Asks for one page over kept connections, each time as soon as the answer is in, and reports how many came. It reads no more
 * of an answer than it takes to find its end: on a small machine it shares the cores with the server.
 */
async function load({
  origin,
  path,
  headers,
  connections,
  leadMs,
  countedMs,
}: LoadOrders): Promise<LoadReport> {
  const { hostname, port, host } = new URL(origin);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const request = `GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  let answers = 0;
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    const ask = () => socket.write(request);
    readAnswers(socket, () => {
      answers += 1;
      ask();
    });
    socket.once("connect", ask).once("error", fail);
    return socket;
  });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await pause(leadMs);
  const [start, before, cpu] = [performance.now(), answers, process.cpuUsage()];
  await pause(countedMs);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (answers - before) / seconds;
  for (const socket of sockets) socket.destroy();
  return { perSecond, ownShare: (user + system) / 1e6 / seconds };
}

/** The end of an answer in chunks. No page of ours has such line ends in it. */
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Calls `onAnswer` at the end of each answer, which has to be a 200. */
function readAnswers(socket: Socket, onAnswer: () => void): void {
  let missing: number | "chunks" | null = null; // null: an answer is yet to begin
  let tail = "";
  socket.on("data", (data) => {
    const text = data.toString("latin1");
    if (missing === null) {
      const head = text.indexOf("\r\n\r\n");
      if (head < 0 || !text.startsWith("HTTP/1.1 200")) return fail(new Error(text.slice(0, 200)));
      const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1];
      missing = length === undefined ? "chunks" : Number(length) + head + 4;
    }
    if (missing === "chunks") {
      tail = (tail + text).slice(-LAST_CHUNK.length);
      if (tail !== LAST_CHUNK) return;
    } else {
      missing -= data.length;
      if (missing > 0) return;
    }
    [missing, tail] = [null, ""];
    onAnswer();
  });
}

function fail(error: Error): void {
  console.error(error);
  process.exit(1);
}

const [, , orders] = process.argv;
if (orders) console.log(JSON.stringify(await load(JSON.parse(orders))));
