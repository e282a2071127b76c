import { type AuditEvent, Database } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { GENESIS_HASH, hashEvent } from './audit-hash.js';

/** The first thing that is wrong with a chain. */
export interface BrokenEvent {
  /** The place in the chain, from 1. */
  sequence: number;
  /** The event found there; absent when none is. */
  eventId?: string;
  reason: string;
}

/** What the verification of one chain found. */
export interface ChainVerdict {
  chain: string;
  intact: boolean;
  /** Events that are intact, from the first on. */
  events: number;
  firstBroken?: BrokenEvent;
}

interface ChainEnds {
  /** What the head row says; null when there is none. */
  headSequence: number | null;
  headHash: string | null;
  /** The highest number of an event that is there; null when none is. */
  lastSequence: number | null;
}

const PAGE_SIZE = 500;

/** Recomputes audit chains; it only reads, takes no lock, and may run while events are appended. */
@Injectable()
export class AuditVerification {
  constructor(private readonly database: Database) {}

  /**
   * Finds a changed, added, removed or reordered event, and a head that does not fit the last event. It cannot find that a whole chain is
   * gone together with its head, nor that somebody with full access computed one anew: for that, compare with a head kept elsewhere.
   */
  async verify(chain: string): Promise<ChainVerdict> {
    const ends = await this.readEnds(chain);
    const head = { sequence: ends.headSequence ?? 0, hash: ends.headHash ?? GENESIS_HASH };
    let last = { sequence: 0, hash: GENESIS_HASH };
    const broken = (reason: string, event?: { id: string }): ChainVerdict => {
      const sequence = last.sequence + 1;
      const firstBroken = event === undefined ? { sequence, reason } : { sequence, eventId: event.id, reason };
      return { chain, intact: false, events: last.sequence, firstBroken };
    };
    for await (const event of this.readEvents(chain, Math.max(head.sequence, ends.lastSequence ?? 0))) {
      if (event.sequence !== last.sequence + 1) return broken(`event ${last.sequence + 1} is missing`, event);
      if (event.previousHash !== last.hash) return broken('does not continue the event before it', event);
      if (event.hash !== hashOf(event)) return broken('was changed: its content does not give its hash', event);
      if (event.sequence > head.sequence) return broken('is not counted by the head of the chain', event);
      last = event;
    }
    if (last.sequence < head.sequence)
      return broken(`is missing: the head of the chain counts ${head.sequence} events`);
    if (last.hash !== head.hash) return broken('the head of the chain was changed: it does not name the last event');
    return { chain, intact: true, events: last.sequence };
  }

  /** The verdict on every chain there is, in the order of their names. */
  async verifyAll(): Promise<ChainVerdict[]> {
    const chains = await this.database.client.$queryRaw<{ chain: string }[]>`
      SELECT chain FROM audit_chains UNION SELECT chain FROM audit_events ORDER BY chain`;
    const verdicts: ChainVerdict[] = [];
    for (const { chain } of chains) verdicts.push(await this.verify(chain));
    return verdicts;
  }

  // One statement sees one moment: an append that commits meanwhile is in both or in neither.
  private async readEnds(chain: string): Promise<ChainEnds> {
    const [ends] = await this.database.client.$queryRaw<ChainEnds[]>`
      SELECT
        (SELECT sequence FROM audit_chains WHERE chain = ${chain}) AS "headSequence",
        (SELECT hash FROM audit_chains WHERE chain = ${chain}) AS "headHash",
        (SELECT max(sequence) FROM audit_events WHERE chain = ${chain}) AS "lastSequence"`;
    return ends!;
  }

  private async *readEvents(chain: string, upTo: number): AsyncGenerator<AuditEvent> {
    for (let after: number | undefined; ;) {
      const page = await this.database.client.auditEvent.findMany({
        where: { chain, sequence: { gt: after, lte: upTo } },
        orderBy: { sequence: 'asc' },
        take: PAGE_SIZE,
      });
      yield* page;
      if (page.length < PAGE_SIZE) return;
      after = page.at(-1)?.sequence;
    }
  }
}

function hashOf(event: AuditEvent): string {
  return hashEvent({
    ...event,
    subject: event.subject as Record<string, unknown>,
    data: event.data as Record<string, unknown>,
  });
}
