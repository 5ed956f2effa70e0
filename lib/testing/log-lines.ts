import { createLog } from "../platform/log";

/** What the log has, from the call of {@link collectLog} on. */
export interface LogLines {
  text(): string;
  /** A parsed object a line. @throws SyntaxError where a line is not JSON */
  lines(): Record<string, unknown>[];
}

/** Lets the log of this test file be read instead of printed. */
export function collectLog(level: Parameters<typeof createLog>[0] = "debug"): LogLines {
  let written = "";
  const latchkeyLog = createLog(level, {
    write(text: string) {
      written += text;
    },
  });
  Object.assign(globalThis, { latchkeyLog });
  return {
    text: () => written,
    lines: () => written.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)])),
  };
}
