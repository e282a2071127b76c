import { accessSync, constants, mkdirSync } from 'node:fs';
import { controlRoutes } from './control/control.routes.js';
import { FaultRegistry } from './control/fault.registry.js';
import type { Runtime } from './operation.runner.js';
import { qlikRoutes } from './qlik.routes.js';
import { describeIssue } from './request-body.js';
import { type SandboxOptions, sandboxOptionsSchema } from './sandbox-options.schema.js';
import { createServer } from './sandbox.server.js';
import { StartError } from './start-error.js';
import { Journal } from './tenants/tenant.journal.js';
import { TenantStore } from './tenants/tenant.store.js';
import { TokenSigner } from './token/access-token.js';
import { ParentClients } from './token/parent-clients.js';
import { signingKey } from './token/signing-key.js';

/** A running sandbox. */
export interface Sandbox {
  /** Where it listens, as a URL without a path. */
  url: string;
  port: number;
  /** Ends it within about a second, open and hanging connections included; a second call does nothing. */
  close(): Promise<void>;
}

/** Starts a stand-in for Qlik Cloud in this process; a StartError says in one sentence why it cannot, and names a bad option but never its value. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const parsed = sandboxOptionsSchema.safeParse(options);
  if (!parsed.success) throw new StartError(`The sandbox cannot start: ${describeIssue(parsed.error, 'options')}.`);
  const { port, host, dataDir, parentClients, organisationClient, log } = parsed.data;
  const closing = new AbortController();
  if (dataDir !== undefined) makeDataDir(dataDir);
  const journal = dataDir === undefined ? undefined : new Journal(dataDir);
  const runtime: Runtime = {
    store: new TenantStore(journal),
    signer: new TokenSigner(signingKey(dataDir)),
    faults: new FaultRegistry(),
    closing: closing.signal,
  };
  const app = createServer(log);
  qlikRoutes(app, runtime, new ParentClients(parentClients, organisationClient));
  controlRoutes(app, runtime.store, runtime.faults);
  try {
    // Fastify prints a line for every address it listens on: one line of ours, below, is enough.
    const level = app.log.level;
    app.log.level = 'silent';
    await app.listen({ port, host });
    app.log.level = level;
  } catch (error) {
    journal?.close();
    throw listenError(error, host, port);
  }
  const address = app.server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
  app.log.info({ url, regions: Object.keys(parentClients) }, 'Sandbox is listening');
  let closed: Promise<void> | undefined;
  return {
    url,
    port: boundPort,
    close: () => (closed ??= close()),
  };

  async function close(): Promise<void> {
    closing.abort();
    await app.close();
    journal?.close();
  }
}

function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    throw new StartError(`The data directory ${dataDir} cannot be made or written to.`);
  }
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new StartError(`Port ${port} on ${host} is in use: stop what listens there or choose another port.`);
  }
  if (code === 'EACCES') return new StartError(`Port ${port} on ${host} may not be used by this user.`);
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL') {
    return new StartError(`${host} is not an address of this machine.`);
  }
  return error;
}
