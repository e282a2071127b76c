import { hash, randomBytes, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Secret } from '@app/platform';

/** What every API key begins with, for secret scanners: `tp_[a-z0-9]{12}_[0-9A-Za-z]{49}`. */
export const API_KEY_PREFIX = 'tp_';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const ID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';
const ID_LENGTH = 12;
/** 32 bytes in base 62. */
const SECRET_LENGTH = 43;
/** CRC-32 in base 62. */
const CHECKSUM_LENGTH = 6;
const FORM = /^tp_([a-z0-9]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** A new API key, in the one form that may be stored and the one that is shown once. */
export interface IssuedKey {
  id: string;
  /** SHA-256 of the secret part. A plain hash is enough: the secret has 256 random bits, so there is nothing to guess. */
  secretHash: Uint8Array<ArrayBuffer>;
  /** `tp_<id>_<secret><checksum>`. */
  key: Secret;
}

/** Makes an API key of 256 random bits. */
export function issueKey(): IssuedKey {
  const id = Array.from({ length: ID_LENGTH }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`));
  const unchecked = `${API_KEY_PREFIX}${id}_${secret}`;
  return { id, secretHash: sha256(secret), key: new Secret(unchecked + checksum(unchecked)) };
}

/** What is looked up, and compared, of a key that somebody offers. */
export type ParsedKey = Pick<IssuedKey, 'id' | 'secretHash'>;

/** The id and the hash of the secret of a well-formed key; undefined for anything else, a typing error included. */
export function parseKey(token: string): ParsedKey | undefined {
  const [, id, secret, check] = FORM.exec(token) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  if (checksum(token.slice(0, -CHECKSUM_LENGTH)) !== check) return undefined;
  return { id, secretHash: sha256(secret) };
}

/** CRC-32 of everything before it: it guards against typing errors and false alarms of scanners, not against forgery. */
function checksum(text: string): string {
  let digits = '';
  for (let rest = crc32(text); rest > 0; rest = Math.floor(rest / 62)) digits = BASE62[rest % 62]! + digits;
  return digits.padStart(CHECKSUM_LENGTH, '0');
}

function base62(value: bigint): string {
  let digits = '';
  for (let rest = value; rest > 0n; rest /= 62n) digits = BASE62[Number(rest % 62n)]! + digits;
  return digits.padStart(SECRET_LENGTH, '0');
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  // By way of text: a buffer straight from the hash takes more than twice as long, and every request comes by here.
  return Buffer.from(hash('sha256', text, 'hex'), 'hex');
}
