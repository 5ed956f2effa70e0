import "server-only";
import { headers } from "next/headers";
import { type Caller, USER_AGENT_MAX } from "../caller";
import { CLIENT_ADDRESS } from "./headers";

/** Who is asking, as the server saw the connection. */
export async function currentCaller(): Promise<Caller> {
  const received = await headers();
  return {
    ip: received.get(CLIENT_ADDRESS),
    userAgent: received.get("user-agent")?.slice(0, USER_AGENT_MAX) ?? null,
  };
}
