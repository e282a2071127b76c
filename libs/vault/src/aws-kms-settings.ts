import { z } from 'zod';

const KEY_ARN = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(key|alias)\/[\w/-]{1,256}$/;
const NAME = /^(alias\/[\w/-]{1,250}|mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The settings of a process whose key-encryption keys are AWS KMS's; who we are there comes from AWS's own variables and files. */
export const awsKmsSettings = {
  /** Key ARNs, alias ARNs, `alias/<name>` or key ids, comma-separated, newest first: the first wraps, all unwrap. */
  AWS_KMS_KEY_IDS: z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .superRefine((entries, context) => {
      const refuse = (message: string) => context.addIssue({ code: 'custom', message });
      for (const [index, entry] of entries.entries()) {
        const place = `entry ${index + 1}`;
        if (!KEY_ARN.test(entry) && !NAME.test(entry)) {
          refuse(`${place} must be the ARN of a key or an alias, alias/<name>, or a key id`);
        }
        if (entries.indexOf(entry) < index) refuse(`${place} repeats entry ${entries.indexOf(entry) + 1}`);
      }
      if (new Set(entries.map(regionOf).filter(Boolean)).size > 1) refuse('the ARNs must all be of one region');
    })
    .optional(),
  /** In place of the public endpoint of AWS KMS, for instance a VPC endpoint; a variable of AWS's own. */
  AWS_ENDPOINT_URL_KMS: z.url({ protocol: /^https?$/, error: 'must be a URL with https or http' }).optional(),
};

/** The region in the ARN of a key or an alias. */
export function regionOf(keyId: string): string | undefined {
  return KEY_ARN.exec(keyId)?.[1];
}

/** Whether it is the ARN of a key, under which the key is always the same: an alias can be given to another. */
export function isKeyArn(keyId: string): boolean {
  return KEY_ARN.exec(keyId)?.[2] === 'key';
}
