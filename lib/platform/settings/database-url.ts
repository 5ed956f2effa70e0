import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isLocalHost } from "../address";
import { ConfigurationError } from "../configuration-error";
import { settingsFolder } from "../folders";
import { compact, type Reader, type Source, trimmed } from "./setting";
import { isHost, isPort, serverAddress } from "./url";

const EXAMPLE = "postgres://user:password@host:5432/name";

/** Parameters that the driver reads, and those of other programs that change nothing here: `schema` may only be `public`. */
const PARAMETERS = new Set([
  ...["host", "port", "user", "password", "application_name", "fallback_application_name", "client_encoding"],
  ...["sslmode", "ssl", "sslcert", "sslkey", "sslrootcert", "sslnegotiation", "uselibpqcompat", "options"],
  ...["statement_timeout", "lock_timeout", "query_timeout", "idle_in_transaction_session_timeout"],
  ...["schema", "connect_timeout", "channel_binding", "pgbouncer"],
]);

/** Stands for a host that is left out after an account, as in `postgres://user:password@/name?host=/run/postgresql`. */
const NO_HOST = "left-out";

/** What `sslmode` may be. libpq's `allow` is left out: the driver does not know it. */
const SSL_MODES = ["disable", "no-verify", "prefer", "require", "verify-ca", "verify-full"];

/** `file:/absolute/path` of an embedded database, or `postgres://…` of a server. */
export const databaseUrl: Reader<string> = trimmed((text, name, source) => {
  if (/^file:./.test(text)) return fileUrl(text, name);
  if (/^postgres(ql)?:\/\/./i.test(text)) return postgresUrl(text, name, source);
  throw new ConfigurationError(
    `${name} must begin with file: or postgres:// (unset it for the embedded database).`,
  );
});

/** A path is taken as it stands; `file://` is the beginning of a URL, with escapes, and of this machine. */
function fileUrl(text: string, name: string): string {
  if (!text.startsWith("file://")) return `file:${resolve(settingsFolder(), text.slice("file:".length))}`;
  try {
    return `file:${fileURLToPath(text)}`;
  } catch {
    throw new ConfigurationError(
      `${name} must name a file of this machine, like file:/var/lib/acme/acme.db.`,
    );
  }
}

const postgresUrl = compact((text, name, source) => {
  const url = serverAddress(text.replace(/^(\w+:\/\/[^/?#@]*@)\//, `$1${NO_HOST}/`), name, EXAMPLE);
  const parameters = new Map(url.searchParams); // the last of several counts, as for the driver
  const unknown = [...parameters.keys()].find((parameter) => !PARAMETERS.has(parameter));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `${name} has the parameter ${unknown.replace(/\W/g, "?").slice(0, 40)}, which nothing here reads: take it out.`,
    );
  if ((parameters.get("schema") ?? "public") !== "public")
    throw new ConfigurationError(`${name} must not name a schema: give the app a database of its own.`);
  if (url.pathname.slice(1).includes("/"))
    throw new ConfigurationError(
      `${name} has more than the name of a database after its host: write it like ${EXAMPLE}.`,
    );
  const named = url.hostname === NO_HOST ? "" : decodeURIComponent(url.hostname);
  const host = parameters.get("host") || named || source.PGHOST || "localhost";
  if (!host.startsWith("/") && !isHost(host))
    throw new ConfigurationError(`${name} has a host that is no name or address: write it like ${EXAMPLE}.`);
  if (!isPort(parameters.get("port") ?? ""))
    throw new ConfigurationError(`${name} has a port that is none: write it like ${EXAMPLE}.`);
  assertEncrypted(host, parameters, name, source);
  return text;
});

/**
 * What leaves this machine and its own network goes over TLS, unless the setting itself says that it need not: another layer
 * may encrypt (ASVS v5.0.0-12.3.1). Without a word about TLS the driver would speak plainly.
 */
function assertEncrypted(host: string, parameters: Map<string, string>, name: string, source: Source): void {
  const [mode, ssl] = [parameters.get("sslmode"), parameters.get("ssl")];
  if (mode !== undefined && !SSL_MODES.includes(mode))
    throw new ConfigurationError(`${name} has an sslmode that is none of ${SSL_MODES.join(", ")}.`);
  if (ssl !== undefined && !["true", "1", "0", "no-verify"].includes(ssl))
    throw new ConfigurationError(
      `${name} has an ssl that is not true: write sslmode=verify-full or sslmode=disable instead.`,
    );
  const isSaid =
    mode !== undefined ||
    ssl !== undefined ||
    ["sslcert", "sslkey", "sslrootcert"].some((file) => parameters.get(file)) ||
    parameters.get("sslnegotiation") === "direct" ||
    SSL_MODES.includes(source.PGSSLMODE ?? "");
  if (isSaid || host.startsWith("/") || isLocalHost(host)) return;
  throw new ConfigurationError(
    `${name} must ask for TLS at the host ${host}, which is not in this machine's own network: add ?sslmode=verify-full, or ?sslmode=disable where something else encrypts the way there.`,
  );
}
