import { integerSetting, jsonSetting, Secret, secondsSetting } from '@app/platform';
import { z } from 'zod';

const clientSchema = z.object(
  {
    clientId: z.string('must give every client a "clientId"').min(1, 'has an empty "clientId"'),
    clientSecret: z
      .string('must give every client a "clientSecret"')
      .min(1, 'has an empty "clientSecret"')
      .transform((value) => new Secret(value)),
  },
  'must give a client as {"clientId": …, "clientSecret": …}',
);

const region = z.string().regex(/^[a-z0-9-]+$/);

/** What reaching Qlik takes, without the right to enter a tenant. Durations leave the parser in milliseconds. */
export const qlikConnectionSettings = {
  QLIK_TIMEOUT_SECONDS: secondsSetting.default(20_000),
  QLIK_ENDPOINT: z
    .string()
    .refine(isOrigin, 'must be http:// or https:// with a host, and nothing after it')
    .transform((value) => new URL(value).origin)
    .optional(),
};

/** What a process allows itself at Qlik. Half of what Qlik allows, by default: a tenant whose only user is our own gets no more. */
export const qlikAdmissionSettings = {
  QLIK_READS_PER_MINUTE: integerSetting(1, 1_000_000).default(500),
  QLIK_WRITES_PER_MINUTE: integerSetting(1, 1_000_000).default(50),
  QLIK_CIRCUIT_OPEN_SECONDS: secondsSetting.default(30_000),
};

/** What the process that provisions reads: the connection, the assumed list lag, and the clients that let it in. */
export const qlikSettings = {
  ...qlikConnectionSettings,
  ...qlikAdmissionSettings,
  QLIK_LIST_LAG_SECONDS: secondsSetting.default(10_000),
  QLIK_PARENT_CLIENTS: jsonSetting(
    z
      .record(
        region,
        clientSchema,
        'must be {"eu": {"clientId": …, "clientSecret": …}} with regions such as "eu" as keys',
      )
      .refine((clients) => Object.keys(clients).length > 0, 'must name at least one region'),
  ).default({}),
  QLIK_ORGANISATION_CLIENT: jsonSetting(clientSchema).optional(),
};

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    /^https?:$/.test(url.protocol) && (url.href === text || url.href === `${text}/`) && url.href === `${url.origin}/`
  );
}
