import { DomainError } from '@app/platform';
import type { PipeTransform } from '@nestjs/common';
import { validate } from 'uuid';

/** Answers 404 (`RUN_NOT_FOUND` for the noun "run") for a path that cannot name anything, so that nothing is asked of the database. */
export class IdPipe implements PipeTransform<string, string> {
  constructor(private readonly noun: string) {}

  transform(id: string): string {
    if (validate(id)) return id.toLowerCase();
    throw new DomainError(
      'not-found',
      `${this.noun.toUpperCase().replaceAll(' ', '_')}_NOT_FOUND`,
      `There is no such ${this.noun}: what stands in the path is not an id of ours.`,
    );
  }
}
