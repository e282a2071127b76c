import { DomainError } from '@app/platform';
import type { PipeTransform } from '@nestjs/common';
import { validate } from 'uuid';

/** Answers 404 for a path that cannot name anything, so that nothing is asked of the database. */
export class IdPipe implements PipeTransform<string, string> {
  constructor(private readonly noun: 'customer' | 'run') {}

  transform(id: string): string {
    if (validate(id)) return id.toLowerCase();
    const code = this.noun === 'run' ? 'RUN_NOT_FOUND' : 'CUSTOMER_NOT_FOUND';
    const message = `There is no such ${this.noun}: what stands in the address is not an id of ours.`;
    throw new DomainError('not-found', code, message);
  }
}
