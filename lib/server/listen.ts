import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { ConfigurationError } from "../platform/configuration-error";
import type { Env } from "../platform/env";

/** Connections that may wait to be taken up: Node's 511 are there in a bad second, and the rest would be dropped unheard. */
const BACKLOG = 4096;

type Place = Pick<Env, "port" | "hostname">;

/** Resolves when the server listens. @throws ConfigurationError where it cannot */
export async function listen(server: Server, place: Place): Promise<void> {
  server.listen({ port: place.port, host: place.hostname, backlog: BACKLOG });
  await once(server, "listening").catch(explain(place));
}

/** Asked before the build, which takes a while; the real answer comes when we listen. @throws as {@link listen} */
export async function assertPortIsFree(place: Place): Promise<void> {
  const probe = createServer();
  await listen(probe, place);
  probe.close();
  await once(probe, "close");
}

function explain({ port, hostname }: Place) {
  return (error: NodeJS.ErrnoException): never => {
    const where = `port ${port}${hostname ? ` on ${hostname}` : ""}`;
    if (error.code === "EADDRINUSE")
      throw new ConfigurationError(
        `Another program already listens on ${where}: stop it or set PORT to a free one.`,
      );
    throw new ConfigurationError(`Cannot listen on ${where} (${error.code}): check PORT and HOSTNAME.`);
  };
}
