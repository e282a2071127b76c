/** Who may import whom. A row is what a place may import of ours; docs/architecture.md has the reasons. */
const allowed = {
  'libs/platform': [],
  'libs/http': ['libs/platform'],
  'libs/queue': ['libs/platform'],
  'libs/audit': ['libs/platform'],
  'libs/qlik': ['libs/platform'],
  'libs/vault': ['libs/platform', 'libs/audit'],
  'libs/access': ['libs/platform', 'libs/audit'],
  'libs/webhooks': ['libs/platform', 'libs/audit', 'libs/vault'],
  'libs/runs': ['libs/platform', 'libs/queue', 'libs/audit'],
  'libs/customers': ['libs/platform', 'libs/audit', 'libs/runs'],
  'libs/provisioning': ['libs/platform', 'libs/audit', 'libs/vault', 'libs/qlik', 'libs/runs', 'libs/customers'],
  // queue and qlik to configure their modules, qlik's rule for tenant hosts, and tokens.
  'apps/api': [
    'libs/platform',
    'libs/http',
    'libs/audit',
    'libs/access',
    'libs/vault',
    'libs/webhooks',
    'libs/runs',
    'libs/customers',
    'libs/queue',
    'libs/qlik',
  ],
  // customers, qlik and vault to configure their modules.
  'apps/worker': [
    'libs/platform',
    'libs/audit',
    'libs/queue',
    'libs/runs',
    'libs/provisioning',
    'libs/customers',
    'libs/qlik',
    'libs/vault',
    'libs/webhooks',
  ],
  // No vault: what the dashboard was not given it cannot use. queue to configure its module.
  'apps/dashboard': [
    'libs/platform',
    'libs/http',
    'libs/audit',
    'libs/access',
    'libs/runs',
    'libs/customers',
    'libs/queue',
  ],
  'apps/cli': ['libs/platform', 'libs/audit', 'libs/access', 'libs/vault', 'libs/runs', 'libs/customers', 'libs/queue'],
  'apps/sandbox': [],
  'apps/quickstart': [
    'libs/platform',
    'libs/audit',
    'libs/access',
    'libs/queue',
    'apps/api',
    'apps/worker',
    'apps/dashboard',
    'apps/sandbox',
  ],
};

const rooms = Object.entries(allowed).map(([place, others]) => ({
  name: `${place.replace('/', '-')}-imports`,
  severity: 'error',
  comment: `${place} may import only: ${others.join(', ') || 'nothing of ours'}.`,
  from: { path: `^${place}/` },
  to: { path: '^(apps|libs)/', pathNot: [place, ...others].map((other) => `^${other}/`).join('|') },
}));

module.exports = {
  forbidden: [
    ...rooms,
    {
      name: 'client-imports-nothing-of-ours',
      severity: 'error',
      comment: 'The client is published alone: what it knows of the API it has from openapi.json.',
      from: { path: '^clients/' },
      to: { path: '^(apps|libs|test)/' },
    },
    {
      name: 'libs-through-their-index',
      severity: 'error',
      comment: 'A lib is imported as @app/<lib>: what its index does not name is its own.',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/([^/]+)/src/', pathNot: ['^libs/$2/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'bullmq-in-queue-and-worker-only',
      severity: 'error',
      comment: 'The queue delivers, the row decides: nobody else knows BullMQ.',
      from: { path: '^(apps|libs)/', pathNot: '^(libs/queue|apps/worker)/' },
      to: { path: 'node_modules/(bullmq|@nestjs/bullmq)/' },
    },
    {
      name: 'no-http-below-apps',
      severity: 'error',
      comment: 'The domain says what went wrong; the edge says how to tell it.',
      from: { path: '^libs/', pathNot: '^libs/http/' },
      to: { path: 'node_modules/(fastify|@nestjs/platform-fastify|@nestjs/swagger)/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^(apps|libs|clients)/', pathNot: '(\\.spec\\.ts$|/testing/)' },
      to: { path: '(\\.spec\\.ts$|/testing/|^test/)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/|^clients/[^/]+/dist/|/generated/|^apps/dashboard/web/)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
    combinedDependencies: true,
  },
};
