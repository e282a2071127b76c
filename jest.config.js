const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: 'es2023',
        keepClassNames: true,
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

const base = {
  testEnvironment: 'node',
  rootDir: import.meta.dirname,
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  moduleNameMapper: { '^@app/(\\w+)$': '<rootDir>/libs/$1/src/index.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
};

/** What starts processes takes as long as a busy machine makes it. */
const TIMEOUT_MS = 30_000;

/** `unit` and `model` need nothing but Node; the others start real PostgreSQL, Redis and Chromium (test/). */
export default {
  testTimeout: TIMEOUT_MS,
  // In processes of their own, which are replaced when they have grown: modules of one test file stay in memory after it, and all of them fill a heap.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,clients}/**/*.spec.ts'] },
    { ...base, displayName: 'model', testMatch: ['<rootDir>/test/model/**/*.spec.ts'] },
    {
      ...base,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/start-postgres.js',
      globalTeardown: '<rootDir>/test/stop-postgres.js',
    },
    {
      ...base,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      globalSetup: '<rootDir>/test/start-postgres.js',
      globalTeardown: '<rootDir>/test/stop-postgres.js',
    },
  ],
};
