import { readFileSync } from 'node:fs';
import { PlaintextSearch } from '../../plaintext-search.js';
import type { Rig } from '../rig/rig.js';

/** Counts the secrets found where the processes of this rig write: PostgreSQL's and Redis's files, and every log; then forgets secrets and logs. */
export async function countPlaintext(rig: Rig): Promise<number> {
  await rig.persist();
  const secrets = readFileSync(rig.issuedSecrets, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const search = new PlaintextSearch(secrets.map((secret, index) => [`secret ${index + 1}`, secret]));
  const { found } = await search.findInFile(rig.log.path);
  for (const folder of rig.searchedFolders) found.push(...(await search.findInFolder(folder)).found);
  for (const what of found.slice(0, 5)) process.stderr.write(`found ${what}\n`);
  rig.forgetOutput();
  return found.length;
}
