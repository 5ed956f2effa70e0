#!/usr/bin/env node
// Stands where Prisma looks for its native schema engine, which npm does not carry. A stub that exits 0 would let
// `prisma migrate deploy` report success having done nothing; this one makes every such command fail and say why.
// Both lines follow the engine's own log format: the first is taken as a sign of life, the second is shown.

const message =
  "This project migrates without Prisma's native engine: use `npm run db:new <name>` and `npm run db:check`; `npm run db:migrate` and every start apply migrations.";

/** @param {string} level @param {Record<string, unknown>} fields */
function log(level, fields) {
  process.stderr.write(
    `${JSON.stringify({ timestamp: new Date().toISOString(), level, target: "latchkey", fields })}\n`,
  );
}

log("INFO", { message: "starting" });
log("ERROR", { is_panic: false, error_code: "", message });
process.exitCode = 1;
