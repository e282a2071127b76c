import fc from 'fast-check';
import { type ApiDocument, readApiDocument } from './api-document.js';
import { BusinessRows, changedTables } from './business-rows.js';
import { AS_READ, type FuzzRequest, fuzzRequests } from './fuzz-request.js';
import { Judge } from './judge.js';
import { KnownValues } from './known-values.js';
import type { Scene } from './scene.js';
import { hangUp, type Reply, send } from './send.js';
import { asCurl, type SentRequest, writeRequest } from './sent-request.js';
import { Tally } from './tally.js';
import { ToldSecrets } from './told-secrets.js';
import { ValidValues } from './valid-values.js';

/** Which requests to make. */
export interface WalkOptions {
  seed: number;
  requests: number;
  /** Only this one, by its number, and smaller ones like it until the smallest that still fails. */
  path?: string | undefined;
}

/** Characters of a request or reply that a failure shows. */
const SHOWN = 4_000;

/**
 * Makes requests that the API's own document describes, one after the other, and counts what must not be. What the API tells is used in later
 * requests, so that they reach what earlier ones made. The same seed makes the same requests, but for ids that the API chooses.
 */
export class Walk {
  readonly #known = new KnownValues();
  readonly #secrets = new ToldSecrets();
  readonly #judge: Judge;
  readonly #tally: Tally;
  #marks = new Map<string, string>();

  private constructor(
    private readonly scene: Scene,
    private readonly document: ApiDocument,
    private readonly rows: BusinessRows,
  ) {
    this.#judge = new Judge(document);
    this.#tally = new Tally(document.operations);
    for (const id of scene.keyIds) this.#known.never(id);
    for (const secret of scene.secrets) this.#secrets.add(secret);
  }

  /** Makes the requests of `options` to the scene's API, and tells how that went. */
  static async run(scene: Scene, { seed, requests, path }: WalkOptions): Promise<Tally> {
    const document = await readApiDocument(scene.stack.api.url);
    const rows = await BusinessRows.watch(scene.stack.test.url);
    const walk = new Walk(scene, document, rows);
    try {
      await walk.#meetEverything();
      walk.#marks = await rows.marks();
      const arbitrary = fuzzRequests(document.operations, new ValidValues(document.schemas));
      // A walk goes on after a failure, to find the others; one request is made smaller.
      const isAlone = path !== undefined;
      let number = 0;
      const property = fc.asyncProperty(arbitrary, async (request) => {
        const failures = await walk.#step(request, path ?? String(number++));
        return !isAlone || failures === 0;
      });
      await fc.check(property, { seed, numRuns: isAlone ? 1 : requests, ...(isAlone ? { path } : {}) });
      return walk.#tally;
    } finally {
      hangUp();
      await rows.close();
    }
  }

  /** Reads every list once, so that the first requests know what was planted. */
  async #meetEverything(): Promise<void> {
    const lists = this.document.operations.filter(({ method, path }) => method === 'GET' && !path.includes('{'));
    for (const { path, scope } of lists) {
      const reply = await this.#get(path, scope);
      this.#known.learn(path, documentOf(reply));
    }
  }

  #get(target: string, scope: string | undefined): Promise<Reply> {
    const authorization = this.scene.authorizationOf('full', scope)!;
    return send(this.scene.stack.api.url, {
      method: 'GET',
      target,
      headers: { authorization },
      body: undefined,
      json: undefined,
    });
  }

  /** Makes one request and resolves with how much was wrong with the reply. */
  async #step(request: FuzzRequest, number: string): Promise<number> {
    const { operation } = request;
    const sent = await this.#write(request);
    this.#secrets.learn(sent.json);
    const failures: string[] = [];
    const reply = await send(this.scene.stack.api.url, sent).catch((error: Error) => {
      failures.push(`gave no answer: ${error.message}`);
    });
    if (reply !== undefined) failures.push(...this.#judge.judge(request, sent, reply), ...this.#learn(request, reply));
    failures.push(...(await this.#judgeRows(reply)));
    this.#tally.count(operation, reply?.status ?? 0);
    for (const failure of failures) {
      const told = reply === undefined ? '' : `${reply.status} ${reply.headers['content-type']}\n${reply.text}`;
      const curl = asCurl(this.scene.stack.api.url, sent);
      this.#tally.fail({ operation, failure, number, curl: curl.slice(0, SHOWN), reply: told.slice(0, SHOWN) });
    }
    return failures.length;
  }

  async #write(request: FuzzRequest): Promise<SentRequest> {
    const { operation, headers, caller } = request;
    const authorization = this.scene.authorizationOf(caller, operation.scope);
    const tagged = Object.entries(headers).filter(([, value]) => value === AS_READ);
    if (tagged.length === 0) return writeRequest(request, this.#known, authorization);
    const path =
      operation.method === 'GET' ? operation.path : operation.path.slice(0, operation.path.lastIndexOf('}') + 1);
    const read = {
      ...request,
      operation: { ...operation, method: 'GET', path },
      query: [],
      rawQuery: undefined,
      headers: {},
      body: undefined,
    };
    const { target } = writeRequest(read, this.#known, undefined);
    const { headers: told } = await this.#get(target, operation.scope);
    // Reading credentials for the first time is noted.
    this.#marks = await this.rows.marks();
    const tags = Object.fromEntries(tagged.map(([name]) => [name, told.etag ?? '"1"']));
    return writeRequest({ ...request, headers: { ...headers, ...tags } }, this.#known, authorization);
  }

  #learn({ operation }: FuzzRequest, reply: Reply): string[] {
    const body = documentOf(reply);
    this.#known.learn(operation.path, body);
    this.#secrets.learn(body, operation.id);
    return this.#secrets.countIn(reply.text, operation.id) > 0 ? ['tells a secret'] : [];
  }

  async #judgeRows(reply: Reply | void): Promise<string[]> {
    const marks = await this.rows.marks();
    const changed = changedTables(this.#marks, marks);
    this.#marks = marks;
    if (reply === undefined || reply.status < 400 || changed.length === 0) return [];
    return [`was refused with ${reply.status} and wrote to ${changed.join(', ')}`];
  }
}

/** The body of a good answer that is one document of JSON; undefined of any other. */
function documentOf({ status, headers, text }: Reply): unknown {
  const isDocument = headers['content-type']?.startsWith('application/json') === true && text.startsWith('{');
  return status < 300 && isDocument ? JSON.parse(text) : undefined;
}
