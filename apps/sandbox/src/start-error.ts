/** A reason not to start, in one sentence for the person who starts it; it never holds a configured value. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
