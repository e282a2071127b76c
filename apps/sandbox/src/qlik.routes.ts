import type { FastifyInstance } from 'fastify';
import {
  deleteConnectionConfig,
  getConnectionConfig,
  patchConnectionConfig,
} from './api/connection-config.operations.js';
import { createClient } from './api/create-client.operation.js';
import { createSecret } from './api/create-secret.operation.js';
import { deleteClient } from './api/delete-client.operation.js';
import { deleteSecret } from './api/delete-secret.operation.js';
import { getClient } from './api/get-client.operation.js';
import { listClients } from './api/list-clients.operation.js';
import { patchClient } from './api/patch-client.operation.js';
import { publishClient } from './api/publish-client.operation.js';
import type { Answer, Call, Operation, OperationName } from './operation.js';
import { runOperation, type Runtime } from './operation.runner.js';
import { notFound } from './qlik-error.js';
import { isTenantHost, organisationHost } from './tenants/tenant-host.js';
import type { TenantStore } from './tenants/tenant.store.js';
import { issueToken } from './token/issue-token.operation.js';
import type { ParentClients } from './token/parent-clients.js';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Route = [OperationName, Method, string, (store: TenantStore, call: Call) => Answer];

const inBothApis: Route[] = [
  ['list', 'GET', '', listClients],
  ['create', 'POST', '', createClient],
  ['get', 'GET', '/:id', getClient],
  ['patch', 'PATCH', '/:id', patchClient],
  ['delete', 'DELETE', '/:id', deleteClient],
  ['secret-create', 'POST', '/:id/client-secrets', createSecret],
  ['secret-delete', 'DELETE', '/:id/client-secrets/:hint', deleteSecret],
];

const inTenants: Route[] = [
  ['publish', 'POST', '/:id/actions/publish', publishClient],
  ['config-get', 'GET', '/:id/connection-configs/me', getConnectionConfig],
  ['config-patch', 'PATCH', '/:id/connection-configs/me', patchConnectionConfig],
  ['config-delete', 'DELETE', '/:id/connection-configs/me', deleteConnectionConfig],
];

/** Qlik's three systems: the tenants' API (11 operations), the organisation's (7) and the token endpoint of both. */
export function qlikRoutes(app: FastifyInstance, runtime: Runtime, parents: ParentClients): void {
  for (const [name, method, path, operation] of [...inBothApis, ...inTenants]) {
    const url = `/api/v1/oauth-clients${path}`;
    const run = onlyAt(isTenantHost, (call) => operation(runtime.store, call));
    app.route({ method, url, handler: runOperation(runtime, name, 'tenant', run) });
  }
  for (const [name, method, path, operation] of inBothApis) {
    const url = `/api/core/oauth-clients${path}`;
    const run = onlyAt(
      (host) => host === organisationHost,
      (call) => operation(runtime.store, call),
    );
    app.route({ method, url, handler: runOperation(runtime, name, 'organisation', run) });
  }
  const { store, signer } = runtime;
  const token = runOperation(runtime, 'token', 'tenant', (call) => issueToken({ store, signer, parents }, call));
  app.post('/oauth/token', token);
}

function onlyAt(serves: (host: string) => boolean, operation: Operation): Operation {
  return (call) => {
    if (!serves(call.tenant.host)) throw notFound('This host does not serve this API');
    return operation(call);
  };
}
