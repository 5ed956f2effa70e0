import { ACTION_NOT_FOUND, FORWARDED_ACTION } from "../web/internal-headers";

/** Once a process: a second bundle of this file finds it done. */
const shared = globalThis as { latchkeyKeepsActions?: true };

/**
 * Lets an action run only at a page that has it. Next sends any other on to itself, as a new request: its action would run
 * with this machine for the client's address and Next for its browser, past the limits of one network. Here that request is
 * answered before it is sent, as by a page that has not got the action either; Next then answers 409.
 */
export function keepActionsAtTheirPages(): void {
  if (shared.latchkeyKeepsActions) return;
  shared.latchkeyKeepsActions = true;
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    if (!new Headers(init?.headers).has(FORWARDED_ACTION)) return send(input, init);
    return new Response(null, { status: 404, headers: { [ACTION_NOT_FOUND]: "1" } });
  };
}
