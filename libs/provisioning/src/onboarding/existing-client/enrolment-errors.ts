import type { QlikError } from '@app/qlik';
import type { RunError } from '@app/runs';
import { toRunError } from '../../explain-failure.js';

const SIGN_UP_AGAIN =
  'else cancel it, remove the customer, which deletes nothing at Qlik, and sign it up again with what is right';

/** The tenant has no client of this id. */
export const existingClientNotFound = (clientId: string, error: QlikError): RunError => ({
  ...toRunError(error),
  code: 'EXISTING_CLIENT_NOT_FOUND',
  message: `The tenant has no OAuth client "${clientId}", which the customer was signed up with. None is made in its place.`,
  hint: `Look in the tenant’s console whether the client was deleted, or is of another tenant. If it is there by now, retry the run; ${SIGN_UP_AGAIN}.`,
});

/** The tenant refuses the secret that the OEM gave. */
export const existingSecretRefused = (clientId: string, error: QlikError): RunError => ({
  ...toRunError(error),
  code: 'EXISTING_SECRET_REFUSED',
  message: `The tenant refuses the secret of the OAuth client "${clientId}" that the customer was signed up with.`,
  hint: `One that was made a moment ago may be refused for two minutes: then retry the run; ${SIGN_UP_AGAIN}: the right secret, or none, so that one is minted.`,
});

/** The tenant refuses the settings that the client lacks. */
export const existingClientUnfit = (clientId: string, lacking: readonly string[], error: QlikError): RunError => ({
  ...toRunError(error),
  code: 'EXISTING_CLIENT_UNUSABLE',
  message: `The OAuth client "${clientId}" lacks what was asked for, and Qlik does not let it be changed: ${lacking.join(', ')}.`,
  hint: `Allow it in the tenant’s console, then retry the run; ${SIGN_UP_AGAIN}.`,
});

/** Another customer has the client by now. */
export const existingClientTaken = (clientId: string, customerId: string): RunError => ({
  code: 'EXISTING_CLIENT_TAKEN',
  message: `The OAuth client "${clientId}" is that of the customer "${customerId}".`,
  hint: 'Find out whose it is. If it is that customer’s, cancel the run, remove this customer, and sign it up again with its own client.',
});
