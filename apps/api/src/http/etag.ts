import { DomainError } from '@app/platform';

/** A version as an entity tag. */
export const etagOf = (version: number): string => `"${version}"`;

/** Whether the caller has this version already (If-None-Match, RFC 9110, section 13.1.2: weak comparison). */
export function hasVersion(ifNoneMatch: string | undefined, version: number): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etagOf(version));
}

/** No version is ever this one. */
const NO_VERSION = -1;

/** The version that the caller saw. Throws IF_MATCH_REQUIRED; anything but one strong tag of ours matches nothing and is stale. */
export function requireVersion(ifMatch: string | undefined): number {
  if (ifMatch === undefined || ifMatch.trim() === '') {
    throw new DomainError(
      'invalid',
      'IF_MATCH_REQUIRED',
      'Send If-Match with the ETag of the run as you read it, so that a change which you have not seen is not overwritten.',
    );
  }
  const tag = /^"(\d{1,9})"$/.exec(ifMatch.trim());
  return tag === null ? NO_VERSION : Number(tag[1]);
}
