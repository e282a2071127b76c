import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { badRequest, notFound } from '../qlik-error.js';
import { parsed } from '../request-body.js';
import { newTenant } from '../tenants/tenant.js';
import type { TenantStore } from '../tenants/tenant.store.js';
import { tenantSettingsSchema } from '../tenants/tenant-settings.schema.js';
import { clientControlSchema, disableClient } from './disable-client.js';
import type { FaultRegistry } from './fault.registry.js';
import { faultSchema } from './fault.schema.js';
import { addForeignSecrets, foreignSecretsSchema } from './foreign-secrets.js';
import { describeState, describeTenant } from './state.view.js';

const host = z.string().min(1).max(253).toLowerCase();
const stateQuerySchema = z.strictObject({ tenantHost: host.optional(), tenantHostPrefix: host.optional() });
const hostParamsSchema = z.object({ host });
const clientParamsSchema = z.object({ host, clientId: z.string() });
const idParamsSchema = z.object({ id: z.string() });

/** The control API under `/_sandbox`, for tests and demos alone; it looks at no Host header and at no token. */
export function controlRoutes(app: FastifyInstance, store: TenantStore, faults: FaultRegistry): void {
  app.post('/_sandbox/faults', (request, reply) => {
    const id = faults.add(parsed(request.body, faultSchema, 'body'));
    return reply.status(201).send({ id });
  });

  app.get('/_sandbox/faults', () => ({ faults: faults.list() }));

  app.delete('/_sandbox/faults', (_request, reply) => {
    faults.clear();
    return reply.status(204).send();
  });

  app.delete('/_sandbox/faults/:id', (request, reply) => {
    const { id } = parsed(request.params, idParamsSchema, 'path');
    if (!faults.remove(id)) throw notFound(`No fault has the id '${id}'`);
    return reply.status(204).send();
  });

  app.get('/_sandbox/state', (request) => {
    const { tenantHost, tenantHostPrefix = '' } = parsed(request.query, stateQuerySchema, 'query');
    if (tenantHost === undefined) {
      const tenants = [...store.all()].filter((tenant) => tenant.host.startsWith(tenantHostPrefix));
      const clientsCreatedAt = Object.fromEntries(
        tenants.map(({ host: at, counters }) => [at, counters.clientsCreated]),
      );
      const hosts = tenants.map((tenant) => tenant.host);
      return { ...describeState(tenants), tenants: hosts, clientsCreatedAt, faults: faults.list() };
    }
    const tenant = store.find(tenantHost) ?? newTenant(tenantHost);
    return { ...describeState([tenant]), tenant: describeTenant(tenant), faults: faults.list() };
  });

  app.put('/_sandbox/tenants/:host', (request) => {
    const params = parsed(request.params, hostParamsSchema, 'path');
    const settings = parsed(request.body, tenantSettingsSchema, 'body');
    const distinct = new Set(settings.users?.flatMap(({ id, subject }) => [`id ${id}`, `subject ${subject}`]));
    if (settings.users !== undefined && distinct.size < settings.users.length * 2) {
      throw badRequest('users: ids and subjects must not repeat');
    }
    const tenant = store.tenant(params.host);
    store.commit(tenant, [{ kind: 'settings', settings }]);
    return describeTenant(tenant);
  });

  app.put('/_sandbox/tenants/:host/clients/:clientId', (request) => {
    const params = parsed(request.params, clientParamsSchema, 'path');
    const { disabled } = parsed(request.body, clientControlSchema, 'body');
    const { disableTag = null } = disableClient(store, params.host, params.clientId, disabled);
    return { clientId: params.clientId, disableTag };
  });

  app.post('/_sandbox/tenants/:host/clients/:clientId/secrets', (request, reply) => {
    const params = parsed(request.params, clientParamsSchema, 'path');
    const order = parsed(request.body ?? {}, foreignSecretsSchema, 'body');
    const hints = addForeignSecrets(store, params.host, params.clientId, order);
    return reply.status(201).send({ hints });
  });
}
