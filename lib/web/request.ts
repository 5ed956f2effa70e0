import "server-only";
import { cookies, headers } from "next/headers";
import { type ClientInfo, USER_AGENT_MAX } from "../platform/client-info";
import { currentReply } from "../platform/request-context";
import { cookieNames } from "./cookies";
import { CLIENT_ADDRESS } from "./internal-headers";

/** Who is asking, as the server saw the connection. */
export async function clientInfo(): Promise<ClientInfo> {
  const received = await headers();
  return {
    ip: received.get(CLIENT_ADDRESS) || null,
    userAgent: received.get("user-agent")?.slice(0, USER_AGENT_MAX) ?? null,
    requestId: currentReply()?.requestId ?? null,
    browserToken: (await cookies()).get(cookieNames.device())?.value ?? null,
  };
}
