import type { ParentClient } from '@app/platform';
import type { SecretContext } from '@app/vault';

/** Where the secret of a region's parent client belongs; the row has another id for each. */
export const parentSecretContext = ({ region, id }: Pick<ParentClient, 'region' | 'id'>): SecretContext => ({
  owner: { kind: 'region', id: region },
  secretId: id,
  version: 1,
  purpose: 'parent-client-secret',
});
