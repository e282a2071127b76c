import type { KMSClient } from '@aws-sdk/client-kms';
import { ConfigurationError } from '@app/platform';
import { AwsKms } from './aws-kms.js';
import { KmsRefusal } from './aws-kms-failure.js';
import { AwsKmsKeyProvider } from './aws-kms-key-provider.js';
import { isKeyArn, regionOf } from './aws-kms-settings.js';

type Sdk = typeof import('@aws-sdk/client-kms');

/** Loads the SDK; given by tests to stand for an installation without it. */
export type LoadSdk = () => Promise<Sdk>;

export interface AwsKmsOptions {
  /** As `AWS_KMS_KEY_IDS` has them. */
  keyIds: readonly string[];
  /** In place of the public one. */
  endpoint?: string | undefined;
  /** Whether a connection that is not https is refused: a data key passes over it. */
  httpsOnly: boolean;
  /** How long one request may take; the SDK tries it three times. */
  requestTimeoutMs?: number;
  /** How long the tries may take together. */
  answerWithinMs?: number;
}

/** AWS KMS's keys, as AWS's own chain of variables, files and roles lets us in. Throws ConfigurationError, or KeyProviderError where trying again can help. */
export async function openAwsKms(
  options: AwsKmsOptions,
  load: LoadSdk = () => import('@aws-sdk/client-kms'),
): Promise<AwsKmsKeyProvider> {
  if (options.httpsOnly && options.endpoint !== undefined) requireHttps(new URL(options.endpoint));
  const sdk = await loadSdk(load);
  const client = openClient(sdk, options);
  const kms = new AwsKms(sdk, client, await readRegion(client), options.answerWithinMs);
  const [first, ...others] = await Promise.all(options.keyIds.map((keyId) => resolve(kms, keyId)));
  if (first === undefined) throw new RangeError('A key provider on AWS KMS needs at least one key.');
  return new AwsKmsKeyProvider(kms, [first, ...others]);
}

async function loadSdk(load: LoadSdk): Promise<Sdk> {
  try {
    return await load();
  } catch (error) {
    if (!/MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new ConfigurationError(
      'The configuration is not usable.\n  AWS_KMS_KEY_IDS: needs the optional package @aws-sdk/client-kms, which is not installed here: npm install @aws-sdk/client-kms',
    );
  }
}

function openClient(
  { KMSClient }: Sdk,
  { keyIds, endpoint, httpsOnly, requestTimeoutMs = 2_000 }: AwsKmsOptions,
): KMSClient {
  const region = keyIds.map(regionOf).find((found) => found !== undefined);
  const client = new KMSClient({
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true },
  });
  if (!httpsOnly) return client;
  // AWS's own variables and files name an endpoint in more ways than one; all of them end up here.
  client.middlewareStack.add(
    (next) => (args) => {
      requireHttps(args.request as Pick<URL, 'protocol' | 'hostname'>);
      return next(args);
    },
    { step: 'finalizeRequest', name: 'refusePlainHttp' },
  );
  return client;
}

function requireHttps({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): void {
  if (protocol === 'https:') return;
  throw new ConfigurationError(
    `The configuration is not usable.\n  AWS_ENDPOINT_URL_KMS: must be https in production, as data keys pass over it, and not "${protocol}//${hostname}"; AWS_ENDPOINT_URL and AWS's configuration file can name it, too`,
  );
}

async function readRegion(client: KMSClient): Promise<string> {
  try {
    return await client.config.region();
  } catch {
    throw new ConfigurationError(
      'The configuration is not usable.\n  AWS_REGION: is missing, and no entry of AWS_KMS_KEY_IDS is an ARN, which would name the region',
    );
  }
}

async function resolve(kms: AwsKms, keyId: string): Promise<string> {
  if (isKeyArn(keyId)) return keyId;
  try {
    return await kms.getKeyArn(keyId);
  } catch (error) {
    if (!(error instanceof KmsRefusal)) throw error;
    throw new ConfigurationError(
      `The configuration is not usable.\n  AWS_KMS_KEY_IDS: AWS KMS in "${kms.region}" does not tell which key "${keyId}" is: ${error.message}. Correct it, allow kms:DescribeKey, or give the key's ARN.`,
    );
  }
}
