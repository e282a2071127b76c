import { DomainError } from '@app/platform';

/** `CUSTOMERS_FILE_INVALID`: nothing of the file was accepted. */
export const customersFileInvalid = (message: string, cause?: unknown): DomainError =>
  new DomainError('invalid', 'CUSTOMERS_FILE_INVALID', message, { cause });
