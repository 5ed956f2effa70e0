import type { Socket } from "node:net";
import { leaveBackground, takeBackground, wakeBackground } from "../platform/background";
import { ConfigurationError } from "../platform/configuration-error";
import { env } from "../platform/env";
import { joinPrimary, Line } from "../platform/ipc";
import { type App, createApp, GRACE_MS } from "./app";
import { endUnstarted } from "./explain";
import { LEAVE_MS } from "./leaving";
import { LINGER_MS, OpenConnections } from "./open-connections";
import { prepareWorker } from "./prepare";
import { ROOT } from "./root";
import { LINE_VERSION } from "./worker-process";

/** Makes a function that ends this process once its connections have ended, or so many milliseconds later. */
function makeLeave({ server, close }: App): (waitMs: number) => void {
  const connections = new OpenConnections(server);
  let isLeaving = false;
  const end = async () => {
    await Promise.all([connections.leave(), leaveBackground()]);
    await close(); // Next waits for what was put off behind answers
    process.exit(0);
  };
  const hurry = () => {
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), GRACE_MS);
  };
  return (waitMs) => {
    if (!isLeaving) void end();
    isLeaving = true;
    setTimeout(hurry, waitMs);
  };
}

/**
 * Works as one of several processes that answer requests. `npm start` starts it, gives it the settings in its environment,
 * and hands it connections; it ends when that does (`end-with-parent.mjs`).
 */
async function work(version: string | undefined): Promise<void> {
  if (version !== LINE_VERSION)
    throw new ConfigurationError("The new release has to be started anew: stop the app, and start it again.");
  let app: App | null = null;
  let leave = (_waitMs: number): void => process.exit(0);
  const line = new Line(process, {
    connection: (number: number, connection?: Socket) => {
      line.tell("tookConnection", number);
      if (!connection) return; // it had ended before it was sent
      connection.allowHalfOpen = true; // as those that an HTTP server accepts itself
      app?.server.emit("connection", connection);
    },
    takeBackground,
    wakeBackground,
    leave: () => leave(LEAVE_MS),
    stop: () => leave(LINGER_MS),
  });
  joinPrimary(line);
  process.channel?.ref(); // what keeps this process alive: its server does not listen
  // Heard by this process alone or by all of the group: the primary is asked, so that it hands on no connection meanwhile.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => line.tell("leaving"));
  process.on("SIGHUP", () => {}); // the primary's to heed

  process.chdir(ROOT);
  prepareWorker();
  app = await createApp(env());
  app.server.emit("listening"); // from then on Node limits how long a request may take to arrive
  leave = makeLeave(app);
  line.tell("ready");
}

work(process.argv[2]).catch(endUnstarted);
