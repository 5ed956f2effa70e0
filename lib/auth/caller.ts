import "server-only";
import { cookies, headers } from "next/headers";
import { type Caller, USER_AGENT_MAX } from "../caller";
import { currentReply } from "../reply";
import { cookieNames } from "./cookies";
import { CLIENT_ADDRESS } from "./headers";

/** Who is asking, as the server saw the connection. */
export async function currentCaller(): Promise<Caller> {
  const received = await headers();
  return {
    ip: received.get(CLIENT_ADDRESS) || null,
    userAgent: received.get("user-agent")?.slice(0, USER_AGENT_MAX) ?? null,
    requestId: currentReply()?.requestId ?? null,
    device: (await cookies()).get(cookieNames.device())?.value ?? null,
  };
}
