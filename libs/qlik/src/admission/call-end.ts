import { QlikError } from '../qlik-error.js';

/** What the error of a call says about who was called: that it answers, whatever it answers; that it does not; or nothing, because it was never asked or not given its time. */
export function readCallEnd(error: unknown): 'answered' | 'failed' | 'unknown' {
  if (!(error instanceof QlikError)) return 'unknown';
  switch (error.failure) {
    case 'unavailable':
      // The name was not found: nobody was asked.
      return error.code === 'TENANT_NOT_FOUND' ? 'unknown' : 'failed';
    case 'refused':
    case 'rate-limited':
    case 'unreadable':
      return 'answered';
    case 'held-back':
    case 'not-configured':
    case 'address-refused':
    case 'aborted':
      return 'unknown';
  }
}
