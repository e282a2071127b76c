import { DomainError } from '@app/platform';

/** The part of standard input that is used. */
export type Input = AsyncIterable<string | Uint8Array> & { isTTY?: boolean };

const MOST_BYTES = 64 * 1024;

/** Everything that comes on standard input. Throws INPUT_MISSING where a person types, who would show a secret, and INPUT_TOO_LONG. */
export async function readInput(input: Input | undefined): Promise<string> {
  if (input === undefined || input.isTTY === true) {
    throw new DomainError(
      'invalid',
      'INPUT_MISSING',
      'Pipe the input in, such as with "< file"; it is not typed here.',
    );
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      throw new DomainError('invalid', 'INPUT_TOO_LONG', `Standard input has more than ${MOST_BYTES} bytes.`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}
