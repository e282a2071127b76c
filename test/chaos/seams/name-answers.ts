import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import dns, { type LookupAddress } from 'node:dns';
import net from 'node:net';
import { join } from 'node:path';

// Imported by the edit `name-answers` into a worker. CHAOS_NAMES_FOLDER has a file per host: the answers to its look-ups one after the other
// (the last for ever), each a list of addresses; a host without one is unknown. `connections` gets a line for each address connected to.
const folder = process.env.CHAOS_NAMES_FOLDER ?? '';

/** Where this process may go: its servers on loopback. */
const knownPorts = new Set(
  [process.env.DATABASE_URL, process.env.REDIS_URL, process.env.QLIK_ENDPOINT].flatMap((url) =>
    url === undefined ? [] : [new URL(url).port],
  ),
);

type Answer = (error: NodeJS.ErrnoException | null, addresses?: unknown, family?: number) => void;

function findAddresses(host: string): LookupAddress[] | undefined {
  // Where this process itself listens.
  if (net.isIP(host) !== 0) return [{ address: host, family: net.isIP(host) }];
  const path = join(folder, host);
  if (!existsSync(path)) return undefined;
  const [addresses = [], ...later] = JSON.parse(readFileSync(path, 'utf8')) as string[][];
  if (later.length > 0) writeFileSync(path, JSON.stringify(later));
  return addresses.map((address) => ({ address, family: net.isIP(address) }));
}

function lookup(host: string, options: { all?: boolean }, answer: Answer): void {
  const addresses = findAddresses(host);
  if (addresses === undefined) {
    const unknown = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', hostname: host });
    process.nextTick(() => answer(unknown));
  } else if (options.all === true) process.nextTick(() => answer(null, addresses));
  else process.nextTick(() => answer(null, addresses[0]!.address, addresses[0]!.family));
}
dns.lookup = lookup as typeof dns.lookup;

interface Target {
  host?: string;
  port?: number | string;
  lookup?: (host: string, options: object, answer: Answer) => void;
}

function refuse(host: string, addresses: unknown): NodeJS.ErrnoException {
  const list = Array.isArray(addresses) ? (addresses as LookupAddress[]).map(({ address }) => address) : [addresses];
  for (const address of list) appendFileSync(join(folder, 'connections'), `${host} ${String(address)}\n`);
  return Object.assign(new Error('connect ENETUNREACH'), { code: 'ENETUNREACH' });
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
  const target = typeof first === 'object' ? (first as Target) : ({ port: first, host: args[1] } as Target);
  if (knownPorts.has(String(target.port))) return connect.apply(this, args as never);
  const host = target.host ?? 'localhost';
  if (net.isIP(host) !== 0) return this.destroy(refuse(host, host));
  const find = target.lookup ?? lookup;
  // What the look-up gives is where the socket goes; it does not get there.
  target.lookup = (name, options, answer) =>
    find(name, options, (error, addresses) => answer(error ?? refuse(name, addresses)));
  return connect.apply(this, args as never);
};
