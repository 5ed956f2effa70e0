import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ACTION_HEADER, ACTION_NOT_FOUND, ANSWER_STATUS } from "../web/internal-headers";

/** Once a process, as in body-limit.ts. */
const shared = globalThis as { latchkeyCorrectsStatuses?: true };

/**
 * Gives answers to forms the status that Next does not let a page set, under every server: Node tells of each answer before a
 * server writes it.
 */
export function correctStatuses(): void {
  if (shared.latchkeyCorrectsStatuses) return;
  shared.latchkeyCorrectsStatuses = true;
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    if (request.method !== "POST") return;
    const writeHead = response.writeHead.bind(response);
    response.writeHead = ((status: number, ...rest: never[]) =>
      writeHead(trueStatus(status, request, response), ...rest)) as ServerResponse["writeHead"];
  });
}

function trueStatus(status: number, { headers }: IncomingMessage, response: ServerResponse): number {
  const wanted = response.getHeader(ANSWER_STATUS);
  response.removeHeader(ANSWER_STATUS);
  if (wanted !== undefined) return status === 200 ? Number(wanted) : status;
  // Next asks another page's action for the answer, and says 200 and {} where it gets none.
  const isEmpty = String(response.getHeader("content-type") ?? "").startsWith("application/json");
  if (headers[ACTION_HEADER] === undefined || status !== 200 || !isEmpty) return status;
  response.setHeader(ACTION_NOT_FOUND, "1");
  return 409;
}
