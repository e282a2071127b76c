import { isOnlyOfItsHint, type SecretAtQlik } from '../secrets/secrets-at-qlik.js';
import { isOurs } from '../secrets/whose-hint.js';
import type { LiveVersion } from './secret-versions.repository.js';

/** The hints of secrets that mints of ours made and that no version records: nobody has their value. `knownHints` are those from before the first mint. Pure. */
export function findDead(
  live: readonly LiveVersion[],
  secrets: readonly SecretAtQlik[],
  knownHints: readonly string[] | null,
): string[] {
  const recorded = live.flatMap(({ hint, createdBy }) =>
    hint === null ? [] : [{ hint, createdBy: createdBy ?? undefined }],
  );
  return secrets
    .filter((secret) => !recorded.some(({ hint }) => hint === secret.hint))
    .filter((secret) => isOurs(secret, { deadSecrets: [], knownHints, recorded }) && isOnlyOfItsHint(secret, secrets))
    .map(({ hint }) => hint);
}

/** Whether a deletion by the hint of an older version can mean no other secret than its own. Pure. */
export function isAlone(version: LiveVersion, live: readonly LiveVersion[], secrets: readonly SecretAtQlik[]): boolean {
  const [shown, ...more] = secrets.filter((secret) => secret.hint === version.hint);
  const { createdBy } = version;
  const isByAnother = createdBy !== null && shown?.createdBy !== undefined && shown.createdBy !== createdBy;
  return !isKept(version, live) && more.length === 0 && !isByAnother;
}

/** Whether a version that stays has the hint of this one. Pure. */
export function isKept({ hint }: LiveVersion, live: readonly LiveVersion[]): boolean {
  return live.some((other) => other.state !== 'previous' && other.hint === hint);
}
