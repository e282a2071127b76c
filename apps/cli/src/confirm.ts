import { DomainError } from '@app/platform';
import type { Input } from './read-input.js';

/** What somebody is asked before what cannot be taken back, and the one answer with which it is done. */
export interface Question {
  text: string;
  answer: string;
}

/** Where somebody can be asked. */
export interface Terminal {
  input: Input | undefined;
  show: (text: string) => void;
}

/**
 * Asks what `question` makes and resolves to it once whoever types has given the answer. Throws CONFIRMATION_MISSING where nobody types,
 * before `question` is called, and NOT_CONFIRMED for another answer.
 */
export async function confirm<Asked extends Question>(
  { input, show }: Terminal,
  question: () => Promise<Asked>,
): Promise<Asked> {
  if (input?.isTTY !== true) {
    throw new DomainError(
      'invalid',
      'CONFIRMATION_MISSING',
      'This cannot be taken back, and there is nobody to ask: give --yes if you mean it.',
    );
  }
  const asked = await question();
  show(asked.text);
  if ((await readLine(input)) === asked.answer) return asked;
  throw new DomainError('conflict', 'NOT_CONFIRMED', `That is not "${asked.answer}": nothing was done.`);
}

async function readLine(input: Input): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += Buffer.from(chunk).toString('utf8');
    if (text.includes('\n')) break;
  }
  return text.split('\n', 1)[0]!.trim();
}
