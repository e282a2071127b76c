import { InvalidArgumentError } from 'commander';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether the text, in lower case, is an id of ours. */
export const isId = (text: string): boolean => UUID.test(text);

/** Reads the id of a thing of ours for an argument. */
export function readId(text: string): string {
  const id = text.toLowerCase();
  if (isId(id)) return id;
  throw new InvalidArgumentError('Give the id, a UUID, as the list shows it.');
}
