import { userInfo } from 'node:os';

/** The name of the operating system's user that runs the command, or their number where they have no name that can be shown. */
export function osUser(): string {
  const { username, uid } = lookUp();
  return /^[A-Za-z0-9._@-]{1,64}$/.test(username) ? username : String(uid);
}

/** A container may run as a number that has no entry among the users, which Node refuses to look up. */
function lookUp(): { username: string; uid: number } {
  try {
    return userInfo();
  } catch {
    return { username: '', uid: process.getuid?.() ?? -1 };
  }
}
