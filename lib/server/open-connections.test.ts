import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
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

  it("hears at its end who waits to be accepted and who is about to ask, and nobody afterwards", async () => {
    const { connections, ask, server } = await serve();
    const { port } = server.address() as AddressInfo;
    await ask("/");
    const stranger = fetch(`http://127.0.0.1:${port}/`);
    const end = connections.end(20);
    expect(await ask("/")).toEqual({ says: "close", isOld: true });
    expect((await stranger).headers.get("connection")).toBe("close");
    await end;
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  it("closes at its end what stays idle, and finishes an answer that has begun", async () => {
    const { connections, ask, held, server } = await serve();
    const answer = ask("/held");
    await expect.poll(() => held).toHaveLength(1);
    const idle = connect((server.address() as AddressInfo).port, "127.0.0.1");
    idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(idle, "data");
    const end = connections.end(1);
    await once(idle, "close");
    held[0]?.end("at last");
    expect(await answer).toMatchObject({ says: "close" });
    await end;
  });
});
