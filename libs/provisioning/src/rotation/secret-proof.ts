import { Injectable } from '@nestjs/common';
import { QlikError, TokensApi } from '@app/qlik';
import type { StepContext } from '@app/runs';
import { callsOf } from '../qlik-calls.js';
import { type SealedVersion, StoredSecrets } from '../secrets/stored-secrets.js';

/** Whose secret, and where it is tried. */
export interface ProofPlace {
  customerId: string;
  host: string;
  clientId: string;
}

/** Tries stored secrets at the tenant's token endpoint: what a secret can do, only its use shows. */
@Injectable()
export class SecretProof {
  constructor(
    private readonly tokens: TokensApi,
    private readonly secrets: StoredSecrets,
  ) {}

  /** Gets a token, which is not kept. Throws CREDENTIAL_REFUSED, and what `StoredSecrets.open` throws. */
  async get(context: StepContext, { customerId, host, clientId }: ProofPlace, version: SealedVersion): Promise<void> {
    const clientSecret = await this.secrets.open(customerId, version);
    await this.tokens.clientCredentials({ host, clientId, clientSecret }, callsOf(context));
  }

  /** Whether the secret gets a token. */
  async works(context: StepContext, place: ProofPlace, version: SealedVersion): Promise<boolean> {
    try {
      await this.get(context, place, version);
      return true;
    } catch (error) {
      if (error instanceof QlikError && error.code === 'CREDENTIAL_REFUSED') return false;
      throw error;
    }
  }
}
