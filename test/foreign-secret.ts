/** Puts a secret of somebody else on the only OAuth client of a tenant in the sandbox, and returns its hint. */
export async function addForeignSecret(sandboxUrl: string, tenantHost: string): Promise<string> {
  const control = `${sandboxUrl}/_sandbox`;
  const state = await fetch(`${control}/state?tenantHost=${tenantHost}`);
  const { clients } = (await state.json()) as { clients: [{ clientId: string }] };
  const path = `/tenants/${tenantHost}/clients/${clients[0].clientId}/secrets`;
  const response = await fetch(control + path, { method: 'POST' });
  if (response.status !== 201) throw new Error(`The sandbox answered ${response.status} to POST ${path}.`);
  return ((await response.json()) as { hints: [string] }).hints[0];
}
