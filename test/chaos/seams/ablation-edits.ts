import type { ModuleEdit } from './module-edit.js';

const noDeadline: readonly ModuleEdit[] = [
  {
    module: 'libs/runs/src/lease.js',
    find: /guard\(([^)]*)\) \{\n/,
    replace: 'guard($1) {\n        return;\n',
  },
  {
    module: 'libs/runs/src/lease.js',
    find: /#lose\(reason\) \{\n/,
    replace: '#lose(reason) {\n        return;\n',
  },
];

/** Guards of the product, each taken away by changing the code that makes it. */
export const ablationEdits: Readonly<Record<string, readonly ModuleEdit[]>> = {
  /** What is about to be asked is not written down first. */
  'no-intent': [
    {
      module: 'libs/runs/src/attempts.repository.js',
      find: /async setIntent\(hold, intent\) \{\n/,
      replace:
        'async setIntent(hold, intent) {\n        return intent === null ? null : { ...intent, at: new Date().toISOString() };\n',
    },
  ],
  /** What lost answers left behind is not looked for. */
  'no-settle': [
    {
      module: 'libs/provisioning/src/onboarding/settle-creation.step.js',
      find: /isNeeded\(intent\) \{\n/,
      replace: 'isNeeded(intent) {\n        return false;\n',
    },
  ],
  /** A worker whose run was taken over goes on, and writes. The lease's own clock, which would stop it before, goes too: each backs the other up. */
  'no-fence': [
    {
      module: 'libs/runs/src/attempts.repository.js',
      find: / AND (runs\.)?fence = \$\{hold\.fence\}( AND state = 'running')?/g,
      replace: '',
    },
    ...noDeadline,
  ],
  /** A call may be sent however little is left of the lease, and one in flight outlives it. */
  'no-deadline': noDeadline,
  /** No guard: a pause of 900 ms between the intent and the call, so that what can slip in between does. */
  'wide-window': [
    {
      module: 'libs/provisioning/src/secrets/intended-call.js',
      find: /context\.guard\(settings\.callTimeoutMs\);/,
      replace: 'await new Promise((resolve) => setTimeout(resolve, 900));\n    $&',
    },
  ],
  /** The queue alone sees to it that a run is worked on once: the row is taken by whoever comes. */
  'no-claim': [
    {
      module: 'libs/runs/src/is-due.js',
      find: /\(runs\.lease_until IS NULL OR runs\.lease_until < now\(\)\)/,
      replace: 'true',
    },
    { module: 'libs/runs/src/run-claims.repository.js', find: /fence = fence \+ 1/, replace: 'fence = fence' },
    {
      module: 'libs/runs/src/run-runner.js',
      find: /row\.formerState === 'running'/,
      replace: 'false',
    },
  ],
  /** After a lost answer the call is made again, without a look. */
  'blind-repost': [
    {
      module: 'libs/provisioning/src/onboarding/creation-decision.js',
      find: /if \(oldest !== undefined\)\s+return \{ kind: 'adopt', client: oldest \};\n/,
      replace: '',
    },
  ],
  /** As HTTP clients do by default: a call whose connection broke is sent once more. */
  'http-retry': [
    {
      module: 'libs/qlik/src/transport.js',
      find: /return await this\.#exchange\(([^)]*)\);/,
      replace:
        "return await this.#exchange($1).catch((error) => { if (error.code !== 'QLIK_UNREACHABLE') throw error; return this.#exchange($1); });",
    },
  ],
  /** What Qlik answered is logged. */
  'log-body': [
    {
      module: 'libs/qlik/src/transport.js',
      find: /return replyOf\(reply, await reply\.body\.text\(\)\);/,
      replace:
        'const text = await reply.body.text();\n            process.stdout.write(`${text}\\n`);\n            return replyOf(reply, text);',
    },
  ],
  /** Nobody looks for runs that are due: what the queue forgets stays forgotten. */
  'queue-as-truth': [
    {
      module: 'libs/runs/src/run-sweep.js',
      find: /async sweep\(graceMs\) \{\n/,
      replace: 'async sweep(graceMs) {\n        return 0;\n',
    },
  ],
  /** A secret is noted with the calls of its attempt. */
  'secret-in-attempt': [
    {
      module: 'libs/provisioning/src/onboarding/client-keeping.js',
      find: /const \{ customerId, tenantHost \} = target;\n/,
      replace:
        '$&        context.record({ operation: inHand.secret.reveal(), startedAt: new Date().toISOString(), durationMs: 0, outcome: "ok" });\n',
    },
  ],
  /** The audit leaves out that a secret was stored. */
  'silent-audit': [
    {
      module: 'libs/audit/src/audit-trail.js',
      find: /async append\(tx, \.\.\.entries\) \{\n/,
      replace:
        "async append(tx, ...entries) {\n        entries = entries.filter(({ action }) => action !== 'secret.stored');\n        if (entries.length === 0) return [];\n",
    },
  ],
  /** Whatever is on a client of ours is taken for ours. */
  'everything-is-ours': [
    {
      module: 'libs/provisioning/src/secrets/whose-hint.js',
      find: /export function isOurs\(([^)]*)\) \{\n/,
      replace: 'export function isOurs($1) {\n    return true;\n',
    },
  ],
  /** What is stored is not the secret, which a customer's verification would notice: that goes too. */
  'no-verification': [
    {
      module: 'libs/provisioning/src/onboarding/client-keeping.js',
      find: /const sealed = await this\.secrets\.seal\(dataKey, inHand\.secret,/,
      replace:
        'const sealed = await this.secrets.seal(dataKey, new inHand.secret.constructor(`${inHand.secret.reveal().slice(1)}0`),',
    },
    {
      module: 'libs/provisioning/src/onboarding/verify-credential.step.js',
      find: /await this\.tokens\.clientCredentials\([^;]*;\n/,
      replace: '\n',
    },
  ],
  /** Whatever the client has beside what is recorded is taken for a lost secret of ours: also what it had before. */
  'no-snapshot': [
    {
      module: 'libs/provisioning/src/secrets/whose-hint.js',
      find: /if \(knownHints === null \|\| knownHints\.includes\(secret\.hint\)\)\s+return false;\n/,
      replace: '',
    },
  ],
  /** Of the secrets of a client only the current one is kept. */
  'retire-by-elimination': [
    {
      module: 'libs/provisioning/src/rotation/retirement-decision.js',
      find: /const dead = [^;]*;\n/,
      replace:
        'const dead = secrets.map(({ hint }) => hint).filter((hint) => ![...hints, current?.hint].includes(hint));\n',
    },
  ],
  /** The new secret becomes the current one without a look whether it works. */
  'unverified-promotion': [
    {
      module: 'libs/provisioning/src/rotation/verify-secret.step.js',
      find: /await this\.proof\.get\([^;]*;\n/,
      replace: '\n',
    },
  ],
  /** The new secret becomes the current one first, and is verified then. */
  'early-promotion': [
    {
      module: 'libs/provisioning/src/rotation/rotation.plan.js',
      find: /mint,\n\s+verify,\n\s+(\/\/.*\n\s+)?promote,/,
      replace: 'mint,\n            promote,\n            verify,',
    },
  ],
  /** The old secret goes though nobody has seen that the current one still works. */
  'unproved-retirement': [
    {
      module: 'libs/provisioning/src/rotation/retire-secrets.step.js',
      find: /if \(!\(await this\.proof\.works\(context, place, current\)\)\)\s+throw [^\n]*\n/,
      replace: '\n',
    },
  ],
  /** The old secret goes as soon as there is a new one. */
  'no-grace': [
    {
      module: 'libs/provisioning/src/rotation/await-cut-over.step.js',
      find: /if \(decision\.kind === 'wait'\)\s+throw waitUntil\(decision\.until\);\n/,
      replace: "if (decision.kind === 'wait')\n            return { output: { forced: false } };\n",
    },
  ],
  /** A read of the new secret gives nobody the time to use it. */
  'no-second-grace': [
    {
      module: 'libs/provisioning/src/rotation/cut-over-decision.js',
      find: /return new Date\(Math\.max\([^;]*;\n/,
      replace: 'return graceEnd;\n',
    },
  ],
  /** Nobody looks for the secrets whose mints were not answered: neither the next mint nor the retirement, which back each other up. */
  'lost-mints-stay': [
    {
      module: 'libs/provisioning/src/rotation/mint-decision.js',
      find: /const remove = findDead\([^;]*;\n/,
      replace: 'const remove = [];\n',
    },
    {
      module: 'libs/provisioning/src/rotation/retirement-decision.js',
      find: /const dead = [^;]*;\n/,
      replace: 'const dead = [];\n',
    },
  ],
  /** A secret is asked for whether or not there is room for it. */
  'no-headroom': [
    {
      module: 'libs/provisioning/src/rotation/mint-decision.js',
      find: /const tooMany = [^;]*;\n/,
      replace: 'const tooMany = 0;\n',
    },
  ],
};
