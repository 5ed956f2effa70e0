import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { OpenConnections } from "./open-connections";

const undo: (() => void)[] = [];

afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** A server that answers at once, or when the story lets it. */
async function serve() {
  const held: ServerResponse[] = [];
  const server = createServer((asked, answer) => {
    if (asked.url === "/held") held.push(answer);
    else answer.end("ok");
  });
  const connections = new OpenConnections(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  undo.push(
    () => agent.destroy(),
    () => server.close(),
  );
  const ask = async (path: string) => {
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ port, host: "127.0.0.1", path, agent }).end();
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    await answer.toArray();
    return { says: answer.headers.connection, isOld: outgoing.reusedSocket };
  };
  return { connections, ask, held, server };
}

describe("OpenConnections", () => {
  it("leaves an idle connection open until it has had one more answer, which says that it ends", async () => {
    const { connections, ask } = await serve();
    expect(await ask("/")).toEqual({ says: "keep-alive", isOld: false });
    let isLeft = false;
    const left = connections.leave().then(() => {
      isLeft = true;
    });
    expect(isLeft).toBe(false);
    expect(await ask("/")).toEqual({ says: "close", isOld: true });
    await left;
  });

  it("finishes an answer that has begun, and ends its connection with it", async () => {
    const { connections, ask, held } = await serve();
    const answer = ask("/held");
    await expect.poll(() => held).toHaveLength(1);
    const left = connections.leave();
    held[0]?.end("at last");
    expect(await answer).toMatchObject({ says: "close" });
    await left;
  });

  it("is done at once where there is none", async () => {
    const { connections } = await serve();
    await connections.leave();
  });
});
