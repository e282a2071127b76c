import { webhookEvents } from '@app/webhooks';
import { InvalidArgumentError, Option } from 'commander';
import { aligned } from './aligned.js';

/** What people give of an endpoint. */
export interface EndpointOptions {
  url?: string;
  events?: readonly string[];
  description?: string | false;
  state?: string;
}

const ALL = 'all';

/** `--events`: the types that an endpoint gets. */
export const eventsOption = (): Option =>
  new Option('--events <types>', `what it gets, comma-separated, or "${ALL}": those of later versions too`).argParser(
    readEvents,
  );

/** The types with what each tells, for `--help`. */
export const eventsHelp = (): string =>
  `\nEvents:\n${aligned(Object.entries(webhookEvents).map(([name, meaning]) => [`  ${name}`, meaning]))}`;

/** The options as the API takes them; what was not given is absent. */
export function endpointMembers({ events, description, ...others }: EndpointOptions): object {
  return {
    ...others,
    ...(events === undefined ? {} : { events: events[0] === ALL ? null : events }),
    ...(description === undefined ? {} : { description: description === false ? null : description }),
  };
}

function readEvents(text: string): string[] {
  if (text === ALL) return [ALL];
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(webhookEvents, name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(
    `There is no event "${unknown}". The events are: ${Object.keys(webhookEvents).join(', ')}.`,
  );
}
