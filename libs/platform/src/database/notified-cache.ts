import { LRUCache } from 'lru-cache';
import type { Notifications } from './notifications.js';

interface Entry<Value> {
  subject: string;
  value: Value;
}

/**
 * What a process remembers about subjects, until a notification says that one has changed. Nothing is found, and nothing kept, while
 * notifications are not heard. Keep a value before you read what it is made of: then a change meanwhile takes it out again.
 */
export class NotifiedCache<Value extends object> {
  readonly #entries: LRUCache<string, Entry<Value>>;
  readonly #keysOf = new Map<string, Set<string>>();

  /** `max` values are kept; the least recently used goes first. */
  constructor(
    private readonly notifications: Pick<Notifications, 'isHearing' | 'subscribe'>,
    { channel, max }: { channel: string; max: number },
  ) {
    this.#entries = new LRUCache({ max, dispose: ({ subject }, place) => this.#unlink(subject, place) });
    notifications.subscribe(channel, {
      changed: (subject) => this.forget(subject),
      lost: () => this.#entries.clear(),
    });
  }

  /** How many values are kept. */
  get size(): number {
    return this.#entries.size;
  }

  find(subject: string, key = ''): Value | undefined {
    if (!this.notifications.isHearing) return undefined;
    return this.#entries.get(placeOf(subject, key))?.value;
  }

  keep(subject: string, key: string, value: Value): void {
    if (!this.notifications.isHearing) return;
    const place = placeOf(subject, key);
    this.#entries.delete(place);
    this.#entries.set(place, { subject, value });
    const places = this.#keysOf.get(subject) ?? new Set();
    this.#keysOf.set(subject, places.add(place));
  }

  /** Drops the value if it is still the one. */
  drop(subject: string, key: string, value: Value): void {
    const place = placeOf(subject, key);
    if (this.#entries.peek(place)?.value === value) this.#entries.delete(place);
  }

  /** Drops everything about the subject. */
  forget(subject: string): void {
    for (const place of this.#keysOf.get(subject) ?? []) this.#entries.delete(place);
  }

  #unlink(subject: string, place: string): void {
    const places = this.#keysOf.get(subject);
    places?.delete(place);
    if (places?.size === 0) this.#keysOf.delete(subject);
  }
}

/** A subject is an id, which has no line break. */
const placeOf = (subject: string, key: string): string => `${subject}\n${key}`;
