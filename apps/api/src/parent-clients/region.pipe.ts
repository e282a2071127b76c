import { DomainError } from '@app/platform';
import { Injectable, type PipeTransform } from '@nestjs/common';

/** A part of a host name, as every region is. */
const REGION = /^[a-z0-9-]{1,63}$/;

/** Answers PARENT_CLIENT_NOT_FOUND for a path that cannot name a region, so that nothing is asked of the database: PostgreSQL takes no NUL. */
@Injectable()
export class RegionPipe implements PipeTransform<string, string> {
  transform(region: string): string {
    if (REGION.test(region)) return region;
    throw new DomainError(
      'not-found',
      'PARENT_CLIENT_NOT_FOUND',
      'There is no such parent client: what stands in the path is not a region.',
    );
  }
}
