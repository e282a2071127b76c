import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum, type SqlQuery } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Pool } from 'pg';
import { readDatamodel } from './migration-files.js';
import * as wasmBindings from '@prisma/schema-engine-wasm/schema_engine_bg';

/** Node has it, TypeScript declares it only together with the browser's types. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

/** Type ids of `"char"` and `text` in PostgreSQL's catalog (pg_type.dat). */
const CHAR_OID = 18;
const TEXT_OID = 25;

/** adapter-pg's own step from SQL to rows, which it does not declare. */
interface Queryable {
  performIO(query: SqlQuery): Promise<{ fields: { dataTypeID: number }[] }>;
}

/**
 * What the schema engine needs of adapter-pg beyond what it gives. The catalogs that it reads hold PostgreSQL's one-byte `"char"`:
 * the engine expects it as the type Character, and adapter-pg refuses it.
 */
class SchemaEnginePrismaPg extends PrismaPg {
  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    // adapter-pg splits a script at every semicolon, which breaks function bodies; PostgreSQL itself takes the whole script.
    adapter.executeScript = async (script) => void (await adapter.underlyingDriver().query(script));
    const queryable = adapter as unknown as Queryable;
    const original = Object.getPrototypeOf(adapter) as typeof adapter;
    adapter.queryRaw = async (query) => {
      const charColumns = new Set<number>();
      const translating = Object.create(adapter) as Queryable;
      translating.performIO = async (io) => {
        const result = await queryable.performIO(io);
        result.fields.forEach((field, i) => {
          if (field.dataTypeID !== CHAR_OID) return;
          charColumns.add(i);
          field.dataTypeID = TEXT_OID;
        });
        return result;
      };
      const result = await original.queryRaw.call(translating, query);
      const columnTypes = result.columnTypes.map((type, i) => (charColumns.has(i) ? ColumnTypeEnum.Character : type));
      return { ...result, columnTypes };
    };
    return adapter;
  }
}

/**
 * The engine's timers, none of which may keep the process alive: the 10 s limit of its advisory lock is never cleared, and while
 * it works its connections are enough.
 */
const backgroundTimers = Object.fromEntries(
  Object.keys(wasmBindings)
    .filter((name) => name.startsWith('__wbg_setTimeout_'))
    .map((name) => [name, (callback: () => void, ms: number) => setTimeout(callback, ms >>> 0).unref()]),
);

let loaded = false;

/** Instantiates the engine once: its bindings keep one instance for the whole process. */
function loadEngine(): void {
  if (loaded) return;
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = new WebAssembly.Module(readFileSync(join(dirname(entry), 'schema_engine_bg.wasm')));
  const instance = new WebAssembly.Instance(wasm, {
    './schema_engine_bg.js': { ...wasmBindings, ...backgroundTimers },
  });
  const exports = instance.exports as { __wbindgen_start(): void };
  (wasmBindings as unknown as { __wbg_set_wasm(exports: unknown): void }).__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  loaded = true;
}

/** Lends `work` Prisma's schema engine on `databaseUrl`, as WebAssembly: it needs no download, which its native form does. */
export async function withSchemaEngine<T>(databaseUrl: string, work: (engine: SchemaEngine) => Promise<T>): Promise<T> {
  loadEngine();
  const pool = new Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 10_000 });
  try {
    const engine = await wasmBindings.SchemaEngine.new(
      { datamodels: readDatamodel() },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory(new SchemaEnginePrismaPg(pool)),
    );
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}
