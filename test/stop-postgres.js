/** Ends the PostgreSQL of this Jest run and removes its files. */
export default async function stopPostgres() {
  await globalThis.testPostgres?.stop();
  globalThis.testPostgres = undefined;
}
