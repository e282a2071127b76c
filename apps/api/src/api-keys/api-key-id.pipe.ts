import { DomainError } from '@app/platform';
import { Injectable, type PipeTransform } from '@nestjs/common';

/** As every API key's id is made. */
const ID = /^[a-z0-9]{12}$/;

/** Answers API_KEY_NOT_FOUND for a path that cannot name an API key, so that nothing is asked of the database: PostgreSQL takes no NUL. */
@Injectable()
export class ApiKeyIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    if (ID.test(id)) return id;
    throw new DomainError(
      'not-found',
      'API_KEY_NOT_FOUND',
      'There is no such API key: what stands in the path is not an id of one.',
    );
  }
}
