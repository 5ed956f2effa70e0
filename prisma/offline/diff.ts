import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
} from "@prisma/driver-adapter-utils";
import type { SchemaEngine } from "@prisma/schema-engine-wasm/schema_engine_bg";
import type { Provider } from "./schema";

const MODULE = "@prisma/schema-engine-wasm/schema_engine_bg";

/** What wasm-bindgen's glue exports beside its typed face. */
interface Glue {
  SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

/**
 * The SQL that leads from one Prisma schema to another, worked out by Prisma's schema engine without any database.
 *
 * @param from the schema before; null: an empty database
 * @returns null when both mean the same tables
 * @throws Error when one of the schemas is not valid
 */
export async function diffSchemas(
  provider: Provider,
  from: string | null,
  to: string,
): Promise<string | null> {
  const { SchemaEngine } = await loadGlue();
  const engine = await SchemaEngine.new({ datamodels: undefined }, () => {}, offlineDatabase(provider));
  try {
    const { exitCode, stdout } = await engine.diff({
      from: from === null ? { tag: "empty" } : datamodel(from),
      to: datamodel(to),
      script: true,
      exitCode: true, // 0: nothing to do, 2: they differ
      filters: { externalTables: [], externalEnums: [] },
    });
    return exitCode === 0 ? null : (stdout ?? "");
  } finally {
    engine.free();
  }
}

function datamodel(content: string) {
  return { tag: "schemaDatamodel" as const, files: [{ path: "schema.prisma", content }] };
}

const shared = globalThis as { prismaSchemaEngine?: Promise<Glue> };

/** Loads the engine once in a process: its glue keeps one instance, and a second would break the strings of the first. */
function loadGlue(): Promise<Glue> {
  shared.prismaSchemaEngine ??= instantiate();
  return shared.prismaSchemaEngine;
}

async function instantiate(): Promise<Glue> {
  const glue = (await import(MODULE)) as Glue;
  const folder = dirname(createRequire(import.meta.url).resolve(MODULE));
  const bytes = readFileSync(join(folder, "schema_engine_bg.wasm"));
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: console.error } });
  const { instance } = await WebAssembly.instantiate(bytes, {
    "./schema_engine_bg.js": glue as unknown as WebAssembly.ModuleImports,
  });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return glue;
}

/** The engine wants a connection before it compares two texts: this one says hello and refuses everything else. */
function offlineDatabase(provider: Provider) {
  const refuse = async (): Promise<never> => {
    throw new Error("Comparing schemas must not touch a database.");
  };
  const adapterName = provider === "sqlite" ? "@prisma/adapter-libsql" : "@prisma/adapter-pg";
  const connection: SqlDriverAdapter = {
    provider,
    adapterName,
    queryRaw: async () => ({
      columnNames: ["ok", "version", "num"],
      columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
      rows: [[true, "PostgreSQL 15.0", 150000]],
    }),
    executeRaw: refuse,
    executeScript: refuse,
    startTransaction: refuse,
    dispose: async () => {},
    getConnectionInfo: () => ({ schemaName: "public", supportsRelationJoins: true }),
  };
  return bindMigrationAwareSqlAdapterFactory({
    provider,
    adapterName,
    connect: async () => connection,
    connectToShadowDb: refuse,
  });
}
