import { isIP } from "node:net";
import { ConfigurationError } from "../configuration-error";

/** A host as a program looks it up: labels of letters, digits, `-` and `_`, or an address. */
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i;

/** What some resolvers read as an IPv4 address in disguise: `2130706433`, `0x7f.1`, `127.1`. */
const NUMERIC = /^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*$/i;

/** True for the name or address of a host; an IPv6 address with or without brackets. */
export function isHost(host: string): boolean {
  if (isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  const name = host.replace(/\.$/, ""); // a dot at the end says that the name is whole
  return HOST_NAME.test(name) && !NUMERIC.test(name);
}

/** True for a percent sign that begins no escape, and for escapes that are no UTF-8. */
function hasBrokenEscape(text: string): boolean {
  try {
    decodeURIComponent(text);
    return false;
  } catch {
    return true;
  }
}

/** True for a port as an address has it; blank is the usual one. */
export function isPort(port: string): boolean {
  return port === "" || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535);
}

/** How the characters that end a part of an address are written in a user's name or a password. */
const ESCAPES = "%25 for %, %23 for #, %2F for /, %3F for ?, %40 for @";

/**
 * The address of a server with a user and a password, in its parts. A character that should have been escaped moves the
 * borders between the parts, and a piece of the password becomes the host, the port or the path: such text is refused before
 * anything connects to it or prints it.
 * @throws ConfigurationError with a sentence that has no part of the text
 */
export function serverAddress(text: string, name: string, example: string): URL {
  const refuse = (why: string) =>
    new ConfigurationError(
      `${name} ${why}: write it like ${example}, and in the user and the password ${ESCAPES}.`,
    );
  if (hasBrokenEscape(text)) throw refuse("has a % that is no escape");
  if (!URL.canParse(text)) throw refuse("is no address, or its password needs escapes");
  const url = new URL(text);
  if (url.hash !== "" || text.includes("#")) throw refuse("has a # in it");
  if (/@/.test(url.pathname + url.search)) throw refuse("has an @ after its host");
  if (!isPort(url.port)) throw refuse("has a port that is none");
  const account = decodeURIComponent(url.username + url.password);
  if (/\p{Cc}/u.test(account)) throw refuse("has a control character in its user or password");
  return url;
}
