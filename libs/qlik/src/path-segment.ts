import type { QlikOperation } from './call.js';
import { QlikError } from './qlik-error.js';

/** An id or hint as one segment of a path. Throws IDENTIFIER_NOT_USABLE for what a URL would take as a step up or leave out. */
export function pathSegment(value: string, operation: QlikOperation, host: string): string {
  if (value === '' || value === '.' || value === '..' || /\p{Surrogate}/u.test(value)) {
    throw new QlikError('IDENTIFIER_NOT_USABLE', { operation, host });
  }
  return encodeURIComponent(value);
}
