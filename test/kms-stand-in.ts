import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closedGate, type Gate } from './gate.js';

/** The operations of AWS KMS that it has. */
export type KmsOperation = 'Encrypt' | 'Decrypt' | 'DescribeKey';

/** What can go wrong: a status with a body that is no JSON, an answer of KMS's own, silence, a body that ends early or never or is no JSON around what matters, a closed connection. */
export type KmsFault =
  '503' | 'ThrottlingException' | 'KMSInternalException' | 'hang' | 'stall' | 'truncate' | 'garble' | 'reset';

/** A request as it came. */
export interface KmsRequest {
  operation: KmsOperation;
  keyId: string;
  /** As the caller signed it. */
  accessKeyId: string;
}

/** The part of AWS KMS's HTTP API that the vault uses, on loopback: symmetric keys that stay in it, bound encryption contexts, its errors, and faults on demand. */
export interface KmsStandIn {
  url: string;
  region: string;
  requests: KmsRequest[];
  /** Makes a key; resolves to its ARN. */
  createKey(alias?: string): string;
  /** Points an alias at another key. */
  setAlias(alias: string, keyArn: string): void;
  /** Whether the key may be used: `PendingDeletion` is a key's last days. */
  setState(keyArn: string, state: 'Enabled' | 'Disabled' | 'PendingDeletion'): void;
  /** Takes the caller's right to an operation with a key. */
  deny(keyArn: string, operation: KmsOperation): void;
  /** The next requests fail; 0 ends it. */
  fail(fault: KmsFault, times?: number): void;
  /** Holds the n-th request of an operation from now on. */
  hold(operation: KmsOperation, nth: number): Gate;
  stop(): Promise<void>;
}

/** What a process on it finds of AWS's own: credentials, and neither this machine's files nor the role of a machine in the cloud. */
export const AWS_SURROUNDINGS = {
  AWS_ACCESS_KEY_ID: 'AKIATEST',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
};

interface Key {
  arn: string;
  material: Buffer;
  state: 'Enabled' | 'Disabled' | 'PendingDeletion';
  denied: Set<KmsOperation>;
}

class Refused extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const [IV_BYTES, TAG_BYTES, KEY_NAME_BYTES] = [12, 16, 36];

/** Starts one; `stop` ends it with its connections. */
export async function startKmsStandIn(): Promise<KmsStandIn> {
  const keys = new Map<string, Key>();
  const aliases = new Map<string, string>();
  const requests: KmsRequest[] = [];
  const held: { operation: KmsOperation; nth: number; gate: Gate }[] = [];
  let [fault, faultsLeft]: [KmsFault | undefined, number] = [undefined, 0];

  const findKey = (keyId: string): Key => {
    const name = keyId.split(':').at(-1) ?? '';
    const arn = name.startsWith('alias/') ? aliases.get(name) : [...keys.keys()].find((known) => known.endsWith(name));
    const key = keys.get(arn ?? '');
    if (key === undefined || (keyId.startsWith('arn:') && !keyId.includes(`:${REGION}:`))) {
      throw new Refused('NotFoundException', `Key '${keyId}' does not exist`);
    }
    return key;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse(await readBody(request)) as RequestBody;
    const operation = readTarget(request);
    requests.push({ operation, keyId: body.KeyId, accessKeyId: readAccessKeyId(request) });
    for (const waiting of held) {
      if (waiting.operation === operation && --waiting.nth === 0) await waiting.gate.pass();
    }
    if (faultsLeft > 0 && fault !== undefined) {
      faultsLeft -= 1;
      if (failWith(fault, request, response)) return;
      return send(response, 200, serve(operation, body), fault);
    }
    send(response, 200, serve(operation, body));
  };

  const serve = (operation: KmsOperation, body: RequestBody): object => {
    const key = findKey(body.KeyId);
    if (key.denied.has(operation)) {
      throw new Refused(
        'AccessDeniedException',
        `User: arn:aws:iam::${ACCOUNT}:user/test is not authorized to perform: kms:${operation} on resource: ${key.arn}`,
      );
    }
    if (operation === 'DescribeKey') return { KeyMetadata: { Arn: key.arn, KeyState: key.state } };
    if (key.state === 'Disabled') throw new Refused('DisabledException', `${key.arn} is disabled.`);
    if (key.state !== 'Enabled') throw new Refused('KMSInvalidStateException', `${key.arn} is pending deletion.`);
    if (operation === 'Encrypt') return { KeyId: key.arn, CiphertextBlob: encrypt(key, body) };
    return { KeyId: key.arn, Plaintext: decrypt(key, body) };
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const { type, message } = error instanceof Refused ? error : new Refused('KMSInternalException', String(error));
      send(response, type === 'KMSInternalException' ? 500 : 400, { __type: type, message });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: REGION,
    requests,
    createKey: (alias) => {
      const arn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${randomUUID()}`;
      keys.set(arn, { arn, material: randomBytes(32), state: 'Enabled', denied: new Set() });
      if (alias !== undefined) aliases.set(alias, arn);
      return arn;
    },
    setAlias: (alias, keyArn) => void aliases.set(alias, keyArn),
    setState: (keyArn, state) => void (findKey(keyArn).state = state),
    deny: (keyArn, operation) => void findKey(keyArn).denied.add(operation),
    fail: (next, times = Infinity) => void ([fault, faultsLeft] = [next, times]),
    hold: (operation, nth) => {
      const gate = closedGate();
      held.push({ operation, nth, gate });
      return gate;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface RequestBody {
  KeyId: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function readTarget(request: IncomingMessage): KmsOperation {
  const [service, operation] = String(request.headers['x-amz-target']).split('.');
  if (service === 'TrentService' && ['Encrypt', 'Decrypt', 'DescribeKey'].includes(operation ?? '')) {
    return operation as KmsOperation;
  }
  throw new Refused('UnknownOperationException', `No such operation: ${service}.${operation}`);
}

/** The key of the signature (SigV4), whose scope must be this service's and region's. The signature itself is not checked. */
function readAccessKeyId(request: IncomingMessage): string {
  const [, accessKeyId, scope] = /Credential=(\w+)\/\d{8}\/([^,]+)/.exec(request.headers.authorization ?? '') ?? [];
  if (accessKeyId !== undefined && scope === `${REGION}/kms/aws4_request`) return accessKeyId;
  throw new Refused('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

const contextBytes = (context: Record<string, string> = {}): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context).sort()));

/** The key's name, an IV, a tag and AES-256-GCM with the encryption context as additional data: as with the real one, a caller cannot look inside. */
function encrypt(key: Key, { Plaintext = '', EncryptionContext }: RequestBody): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.material, iv).setAAD(contextBytes(EncryptionContext));
  const ciphertext = Buffer.concat([cipher.update(Plaintext, 'base64'), cipher.final()]);
  const name = Buffer.from(key.arn.slice(-KEY_NAME_BYTES));
  return Buffer.concat([name, iv, cipher.getAuthTag(), ciphertext]).toString('base64');
}

function decrypt(key: Key, { CiphertextBlob = '', EncryptionContext }: RequestBody): string {
  const blob = Buffer.from(CiphertextBlob, 'base64');
  if (blob.length === 0) throw new Refused('ValidationException', 'ciphertextBlob must have length at least 1');
  const [name, rest] = [blob.subarray(0, KEY_NAME_BYTES).toString(), blob.subarray(KEY_NAME_BYTES)];
  if (!/^[0-9a-f-]{36}$/.test(name) || rest.length < IV_BYTES + TAG_BYTES)
    throw new Refused('InvalidCiphertextException', '');
  if (!key.arn.endsWith(name))
    throw new Refused(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  const [iv, tag] = [rest.subarray(0, IV_BYTES), rest.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)];
  const decipher = createDecipheriv('aes-256-gcm', key.material, iv)
    .setAAD(contextBytes(EncryptionContext))
    .setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(rest.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('base64');
  } catch {
    throw new Refused('InvalidCiphertextException', '');
  }
}

/** True when the fault took the place of the answer; the others spoil the answer itself. */
function failWith(fault: KmsFault, request: IncomingMessage, response: ServerResponse): boolean {
  if (fault === 'hang') return true;
  if (fault === 'stall' || fault === 'truncate' || fault === 'garble') return false;
  if (fault === 'reset') request.socket.destroy();
  else if (fault === '503') response.writeHead(503).end('<html>Service Unavailable</html>');
  else throw new Refused(fault, fault === 'ThrottlingException' ? 'Rate exceeded' : 'An internal failure.');
  return true;
}

/** `stall` stops in the middle and stays; `truncate` ends there; `garble` lacks the quotes around bytes. */
function send(response: ServerResponse, status: number, body: object, fault?: KmsFault): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() });
  if (fault === 'stall') response.write(text.slice(0, -8));
  else if (fault === 'truncate') response.end(text.slice(0, -8));
  else if (fault === 'garble') response.end(text.replace(/"(Plaintext|CiphertextBlob)":"([^"]+)"/, '"$1":$2'));
  else response.end(text);
}
