import { styleText } from "node:util";
import type { DestinationStream } from "pino";

/** The colours of levels; the rest has none. */
const COLOURS: Record<string, Parameters<typeof styleText>[0]> = {
  warn: "yellow",
  error: "red",
  debug: "dim",
};

/** Fields that the line shows already, or that a person at a terminal does not need. */
const LEFT_OUT = new Set(["level", "time", "app", "pid", "msg", "event", "requestId", "userAgent"]);

/**
 * Writes pino's lines for a person at a terminal: the time of day, what happened, and the rest in grey. A few lines of our
 * own where pino-pretty would bring thirteen packages.
 */
export function forTerminal(write: (text: string) => void): DestinationStream {
  return { write: (line) => write(isJson(line) ? inWords(line) : `${printable(line.trimEnd())}\n`) };
}

/** False for what a library has written past the log. */
function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}

function inWords(line: string): string {
  const { level, time, msg, event, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(rest)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== null)
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`);
  const what = printable(String(msg ?? event ?? ""));
  const colour = COLOURS[String(level)];
  const parts = [
    styleText("dim", new Date(String(time)).toLocaleTimeString("en-GB")),
    colour ? styleText(colour, `${level} ${what}`) : emphasizeAddress(what),
    styleText("dim", printable(details.join(" "))),
  ];
  return `${parts.join(" ").trimEnd()}\n`;
}

/** Makes the address to open easy to find. */
function emphasizeAddress(text: string): string {
  return text.replace(/https?:\/\/\S+/, (address) => styleText(["bold", "cyan"], address));
}

/** Without control characters, which could move the cursor or reverse text: visitors choose paths and names. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
