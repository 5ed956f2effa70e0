import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { createLog } from "./log";
import { forTerminal } from "./log-terminal";

function onTerminal() {
  let shown = "";
  const log = createLog(
    "info",
    forTerminal((text) => (shown += text)),
  );
  return { log, shown: () => stripVTControlCharacters(shown), raw: () => shown };
}

describe("forTerminal", () => {
  it("says what happened, with the time of day, on a line of its own", () => {
    const { log, shown } = onTerminal();
    log.info("Latchkey is ready at http://localhost:3000");
    log.warn({ event: "login-failed", requestId: "r", userId: null, ip: "127.0.0.1" });
    expect(shown()).toMatch(
      /^\d\d:\d\d:\d\d Latchkey is ready at http:\/\/localhost:3000\n\d\d:\d\d:\d\d warn login-failed ip=127\.0\.0\.1\n$/,
    );
  });

  it("lets a visitor neither move the cursor nor begin a line", () => {
    const { log, raw } = onTerminal();
    log.info({ event: "login", path: "/\u001b[2J\u009b2J\n\u202e" });
    for (const text of ["\u001b[2J", "\u009b", "\u202e"]) expect(raw()).not.toContain(text);
    expect(raw().match(/\n/g)).toHaveLength(1);
    expect(raw()).toContain(String.raw`\u001b[2J`);
  });
});
