import type { CustomerState } from '@app/platform';
import { Secret } from '@app/platform';
import { ProvisioningSettings } from '@app/provisioning';
import { type CallContext, ClientSecretsApi, ConnectionConfigsApi, OAuthClientsApi } from '@app/qlik';
import type { Plan, RunView, Step } from '@app/runs';
import { CheckTenantAccessStep } from '../../libs/provisioning/src/onboarding/check-tenant-access.step.js';
import { ClientAdoption } from '../../libs/provisioning/src/onboarding/client-adoption.js';
import { ClientCreation } from '../../libs/provisioning/src/onboarding/client-creation.js';
import { ClientKeeping } from '../../libs/provisioning/src/onboarding/client-keeping.js';
import { ClientRemoval } from '../../libs/provisioning/src/onboarding/client-removal.js';
import { CreateOAuthClientStep } from '../../libs/provisioning/src/onboarding/create-oauth-client.step.js';
import { SettleCreationStep } from '../../libs/provisioning/src/onboarding/settle-creation.step.js';
import { TrustConsentStep } from '../../libs/provisioning/src/onboarding/trust-consent.step.js';
import { VerifyCredentialStep } from '../../libs/provisioning/src/onboarding/verify-credential.step.js';
import type { NewClientWithSecret } from '../../libs/provisioning/src/oauth-clients.repository.js';
import { StoredSecrets } from '../../libs/provisioning/src/secrets/stored-secrets.js';
import { OnboardingPlan } from '../../libs/provisioning/src/onboarding/onboarding.plan.js';
import type { Transaction } from './simulated-database.js';
import type { Execution } from './simulated-worker.js';
import { ASSUMED_LAG_MS, CALL_TIMEOUT_MS, LEASE_MS } from './times.js';
import type { BrokenProtocol, World } from './world.js';

/** The product's own plan with its own steps, on a simulated database and Qlik that know which execution asks. */
export function product(world: World, execution: Execution): { plan: Plan; findStep(name: string): Step } {
  const { database, broken } = world;
  const settings = settingsOf(broken);
  const calls = world.qlik.callsOf(execution) as never;
  const oauthClients = new OAuthClientsApi(calls);
  const clientSecrets = new ClientSecretsApi(calls, oauthClients);
  const connectionConfigs = new ConnectionConfigsApi(calls);
  const targets = {
    get: ({ id, customerId }: RunView) => {
      const lists = { redirectUris: [], allowedOrigins: [], scopes: ['user_default'] };
      return Promise.resolve({
        customerId,
        tenantHost: database.run(id).tenantHost,
        ...lists,
        verificationUser: null,
        existingClient: null,
      });
    },
  } as never;
  const parentAccess = { token: () => Promise.resolve() } as never;
  const tokens = {
    clientCredentials: (
      { host, clientId, clientSecret }: { host: string; clientId: string; clientSecret: Secret },
      _context: CallContext,
    ) => execution.call('token', host, () => world.qlik.authenticate(host, clientId, clientSecret.reveal())),
  } as never;
  const vault = {
    ensureDataKey: () => Promise.resolve({}),
    seal: (_key: unknown, secret: Secret) => Promise.resolve({ dataKeyId: 'key', sealed: secret.reveal() }),
    open: ({ sealed }: { sealed: string }) => Promise.resolve(new Secret(sealed)),
  } as never;
  const repository = simulatedRepository(world, execution) as never;
  const customerStates = {
    change: ({ writes }: Transaction, customerId: string, to: CustomerState) => {
      writes.push(database.changeCustomer(customerId, to));
      return Promise.resolve();
    },
  } as never;
  const recordedNames = {
    sql: {
      $queryRaw: (_sql: unknown, _host: string, names: string[]) =>
        execution.ask('read recorded names', () =>
          database.tables.clients.filter(({ clientName }) => names.includes(clientName)).map(toName),
        ),
    },
  } as never;
  const secrets = new StoredSecrets(vault);
  // Dates are not part of the model.
  const calendar = { dateAfter: () => null } as never;
  const keeping = new ClientKeeping(secrets, repository);
  const check = new CheckTenantAccessStep(targets, oauthClients, vault, recordedNames);
  const adoption = new ClientAdoption(parentAccess, oauthClients, clientSecrets, vault, settings, keeping);
  const removal = new ClientRemoval(targets, oauthClients, repository, settings);
  const create = new CreateOAuthClientStep(
    targets,
    parentAccess,
    oauthClients,
    vault,
    settings,
    new ClientCreation(oauthClients),
    adoption,
    keeping,
    removal,
    check,
    // Clients that an OEM had made are not part of the model.
    undefined as never,
    undefined as never,
  );
  const trust = new TrustConsentStep(targets, oauthClients, connectionConfigs, create, repository);
  const verify = new VerifyCredentialStep(
    targets,
    tokens,
    secrets,
    create,
    repository,
    customerStates,
    calendar,
    calendar,
    undefined as never,
  );
  const settle = new SettleCreationStep(targets, oauthClients, clientSecrets, create, repository, settings);
  if (broken === 'every secret of an adopted client taken for ours') takeAllForDead(keeping);
  if (broken === 'no settling') settle.isNeeded = () => false;
  if (broken === 'no look for what a restored database forgot') check.listLeft = () => Promise.resolve([]);
  const plan = new OnboardingPlan(check, create, trust, verify, settle, customerStates);
  return { plan, findStep: (name) => plan.steps.find((step) => step.name === name)! };
}

function settingsOf(broken: BrokenProtocol | undefined): ProvisioningSettings {
  const sound = new ProvisioningSettings(CALL_TIMEOUT_MS, LEASE_MS, ASSUMED_LAG_MS);
  if (broken === 'no wait before looking') return new ProvisioningSettings(CALL_TIMEOUT_MS, -CALL_TIMEOUT_MS, 0);
  if (broken !== 'no guard before the POST') return sound;
  const { settleMs, listLagMs } = sound;
  return { callTimeoutMs: Infinity, settleMs, listLagMs, settledAt: (postedAt) => sound.settledAt(postedAt) };
}

/** As if whatever was on a client before our mint had been made by a POST of ours. */
function takeAllForDead(keeping: ClientKeeping): void {
  const keep = keeping.keep.bind(keeping);
  keeping.keep = (context, target, dataKey, place, inHand) => {
    const deadSecrets = (inHand.intent.knownHints ?? []).map((hint) => ({ hint }));
    return keep(context, target, dataKey, place, {
      ...inHand,
      intent: { ...inHand.intent, deadSecrets, makerDecides: false },
    });
  };
}

const toName = ({ clientName }: { clientName: string }) => ({ name: clientName });

/** What OAuthClientsRepository does, on the simulated tables. */
function simulatedRepository({ database }: World, execution: Execution) {
  const find = (id: string) => database.tables.clients.find((client) => client.id === id);
  return {
    insertWithSecret: ({ writes }: Transaction, client: NewClientWithSecret) => {
      writes.push(database.insertClient(client));
      return Promise.resolve();
    },
    nextVersion: (customerId: string) =>
      execution.ask(
        'read the next version',
        () => database.tables.clients.filter((client) => client.customerId === customerId).length + 1,
      ),
    markTrusted: ({ writes }: Transaction, id: string, _secretVersionId: string, hint: string | null) => {
      writes.push(({ clients }) => {
        const secret = clients.find((client) => client.id === id)?.secret;
        if (secret !== undefined) secret.hint ??= hint;
      });
      return Promise.resolve();
    },
    getVersion: (id: string) =>
      execution.ask('read the secret version', () => {
        const secret = database.tables.clients.find((client) => client.secret.id === id)?.secret;
        if (secret === undefined) throw new Error(`There is no secret version "${id}".`);
        return { ...secret, dataKeyId: 'key' };
      }),
    promote: ({ writes }: Transaction, id: string) => {
      writes.push(({ clients }) => {
        const secret = clients.find((client) => client.secret.id === id)?.secret;
        if (secret?.state === 'pending') secret.state = 'current';
      });
      return Promise.resolve();
    },
    findActiveByRun: (runId: string) =>
      execution.ask('read the recorded client', () =>
        database.tables.clients.find((client) => client.runId === runId && client.state === 'active'),
      ),
    markDeleted: ({ writes }: Transaction, id: string) => {
      writes.push(({ clients }) => {
        const client = clients.find((one) => one.id === id);
        if (client === undefined) return;
        client.state = 'deleted';
        Object.assign(client.secret, { state: 'revoked', sealed: null });
      });
      return Promise.resolve([find(id)?.secret.id ?? '']);
    },
  };
}
