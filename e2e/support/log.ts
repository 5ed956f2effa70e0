/** A line of the app's log. */
export interface LogLine {
  level: string;
  time: string;
  app: string;
  event?: string;
  requestId?: string | null;
  userId?: string | null;
  ip?: string | null;
  msg?: string;
  [field: string]: unknown;
}

/** The log of a server, from all it has printed. @throws Error at a line that is not one of the log's */
export function readLog(output: string): LogLine[] {
  return output.split("\n").flatMap((text) => {
    if (text === "") return [];
    const line = parse(text);
    if (line?.app !== "latchkey" || !/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/.test(line.time))
      throw new Error(`not a line of the log: ${text}`);
    return [line];
  });
}

/** The lines about events, without those of the start. */
export function eventsIn(output: string): LogLine[] {
  return readLog(output).filter(({ event }) => event !== undefined);
}

function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}
