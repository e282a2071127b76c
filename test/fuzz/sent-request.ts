import type { FuzzBody, FuzzRequest } from './fuzz-request.js';
import type { KnownValues } from './known-values.js';

/** A request as it goes over the wire. */
export interface SentRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  /** What the API reads from the body: undefined where that is not JSON, or was not said to be. */
  json: unknown;
}

/** Fills in what is known by now, and writes the request down; `authorization` is the caller's header. */
export function writeRequest(
  { operation, path, rawPart, query, rawQuery, headers, body }: FuzzRequest,
  known: KnownValues,
  authorization: string | undefined,
): SentRequest {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const filled = names.reduce((text, name, index) => {
    const isRaw = rawPart !== undefined && index === names.length - 1;
    return text.replace(`{${name}}`, () => (isRaw ? rawPart : encode(known.fill(path[name]))));
  }, operation.path);
  const pairs = query.map(([name, value]) => `${encode(name)}=${encode(known.fill(value))}`);
  const search = [...pairs, ...(rawQuery === undefined ? [] : [rawQuery])].join('&');
  const written = body === undefined ? undefined : writeBody({ ...body, value: known.fill(body.value) });
  const entries = Object.entries(headers).map(([name, value]) => [name, String(known.fill(value))]);
  return {
    method: operation.method,
    target: search === '' ? filled : `${filled}?${search}`,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body?.contentType === undefined ? {} : { 'content-type': body.contentType }),
      ...(Object.fromEntries(entries) as Record<string, string>),
    },
    body: written,
    json: written === undefined || body?.contentType !== 'application/json' ? undefined : readJson(written),
  };
}

/** Half of a surrogate pair has no UTF-8: it goes as U+FFFD. */
const encode = (value: unknown): string => encodeURIComponent(Buffer.from(String(value)).toString());

function writeBody({ value, flaw }: FuzzBody): Buffer {
  const json = JSON.stringify(value);
  switch (flaw) {
    case undefined:
      return Buffer.from(json);
    case 'cut':
      return Buffer.from(json.slice(0, Math.ceil(json.length / 2)));
    case 'more':
      return Buffer.from(`${json}${json}`);
    case 'twice':
      return Buffer.from(json === '{}' ? json : json.replace(/^\{(.*)\}$/s, '{$1,$1}'));
    case 'bom':
      return Buffer.from(`\ufeff${json}`);
    case 'not-utf8':
      return Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}')]);
    case 'huge-number':
      return Buffer.from(json.replace(/:(?:"[^"]*"|\d+)/, ':1e999'));
    case 'padded':
      return Buffer.from(json.replace('{', `{${' '.repeat(70_000)}`));
    case 'empty':
      return Buffer.alloc(0);
    case 'nan':
      return Buffer.from(json.replace(/:(?:"[^"]*"|\d+)/, ':NaN'));
    case 'form':
      return Buffer.from('externalId=a&name=b');
  }
}

function readJson(body: Buffer): unknown {
  try {
    // A mark of the byte order may be overlooked (RFC 8259, section 8.1), and the API does.
    return JSON.parse(body.toString().replace(/^\ufeff/, ''));
  } catch {
    // Not JSON is what was meant to be sent.
    return undefined;
  }
}

/** The command that sends the request again; its key is left out. */
export function asCurl(apiUrl: string, { method, target, headers, body }: SentRequest): string {
  const shown = { ...headers, ...(headers.authorization === undefined ? {} : { authorization: 'Bearer $API_KEY' }) };
  const quoted = Object.entries(shown).map(([name, value]) =>
    name === 'authorization' ? `-H "${name}: ${value}"` : `-H ${quote(`${name}: ${value}`)}`,
  );
  const text = body === undefined ? [] : [`--data-binary ${quoteBody(body)}`];
  return ['curl -i --globoff --path-as-is', `-X ${method}`, ...quoted, ...text, quote(`${apiUrl}${target}`)].join(' ');
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Bytes that are no text, and long bodies, as what makes them. */
function quoteBody(body: Buffer): string {
  const text = body.toString();
  return Buffer.from(text).equals(body) ? quote(text) : `@<(echo ${body.toString('base64')} | base64 -d)`;
}
