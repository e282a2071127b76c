import { DomainError } from '@app/platform';

/** What an entity tag says between its quotes; `mark` tells apart what is shown differently at the same version. */
export const opaqueTagOf = (version: number, mark?: string): string =>
  mark === undefined ? String(version) : `${version}-${mark}`;

/** A version as an entity tag. */
export const etagOf = (version: number, mark?: string): string => `"${opaqueTagOf(version, mark)}"`;

/** Whether the caller has what this tag stands for already (If-None-Match, RFC 9110, section 13.1.2: weak comparison). */
export function hasVersion(ifNoneMatch: string | undefined, version: number, mark?: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etagOf(version, mark));
}

/** No version is ever this one. */
const NO_VERSION = -1;

/** The version that the caller saw, whatever its mark. Throws IF_MATCH_REQUIRED; anything but one strong tag of ours matches nothing and is stale. */
export function requireVersion(ifMatch: string | undefined): number {
  if (ifMatch === undefined || ifMatch.trim() === '') {
    throw new DomainError(
      'invalid',
      'IF_MATCH_REQUIRED',
      'Send If-Match with the ETag of the run as you read it, so that a change which you have not seen is not overwritten.',
    );
  }
  const tag = /^"(\d{1,9})(?:-[\w-]{1,100})?"$/.exec(ifMatch.trim());
  return tag === null ? NO_VERSION : Number(tag[1]);
}
