import { inspect } from "node:util";
import { withoutSecrets } from "../platform/settings/redact";

/** Says on standard error why the app cannot start, in one sentence where the operator can mend it, and ends with 1. */
export function endUnstarted(error: unknown): never {
  const told = isExpected(error) ? `Latchkey cannot start. ${error.message}` : withoutSecrets(inspect(error));
  process.stderr.write(`${told}\n`);
  process.exit(1);
}

/** True for what is told in one sentence. By name: the classes are loaded twice, here and in Next's bundle. */
function isExpected(error: unknown): error is Error {
  return error instanceof Error && ["ConfigurationError", "MigrationError"].includes(error.name);
}
