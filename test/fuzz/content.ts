/** What a text is once it is read as its media type: of a stream the array of its items. Throws where that cannot be. */
export function readContent(mediaType: string, text: string): unknown {
  if (isJson(mediaType)) return JSON.parse(text);
  switch (mediaType) {
    case 'application/x-ndjson':
      return parts(text, '\n').map((line) => JSON.parse(line) as unknown);
    case 'text/event-stream':
      return parts(text, '\n\n')
        .map(readFields)
        .filter(({ data }) => data !== undefined);
    default:
      throw new Error(`Nobody told how "${mediaType}" is read`);
  }
}

/** Whether the media type is JSON as one document. */
export const isJson = (mediaType: string): boolean => /^application\/(?:[\w.-]+\+)?json$/.test(mediaType);

/** What ends with `end`, each without it. */
function parts(text: string, end: string): string[] {
  const all = text.split(end);
  const rest = all.pop();
  if (rest !== '') throw new Error(`It ends within an item: ${rest?.slice(0, 100)}`);
  return all;
}

/** The fields of an event; what begins with a colon is a comment (HTML standard, section 9.2). */
function readFields(block: string): Record<string, string> {
  const fields = block.split('\n').flatMap((line) => {
    const [, name, value] = /^([^:]+)(?:: ?(.*))?$/s.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? '']];
  });
  return Object.fromEntries(fields) as Record<string, string>;
}
