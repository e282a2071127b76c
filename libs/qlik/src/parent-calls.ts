import type { z } from 'zod';
import type { CallContext } from './call.js';
import type { ParentAccess } from './parent-access.js';
import { QlikError } from './qlik-error.js';
import type { QlikRequest, QlikTransport } from './transport.js';

/** Calls to a tenant's API with the parent client's token. */
export class ParentCalls {
  constructor(
    private readonly transport: QlikTransport,
    private readonly parent: ParentAccess,
  ) {}

  /** Makes the call. After a 401, which means that nothing was done, it is made once more with a fresh token; a second 401 is PARENT_REFUSED or TENANT_DISABLED. */
  async call<Schema extends z.ZodType>(
    request: Omit<QlikRequest<Schema>, 'bearer'>,
    context: CallContext = {},
  ): Promise<z.output<Schema>> {
    const bearer = await this.parent.token(request.host, context);
    try {
      return await this.transport.call({ ...request, bearer }, context);
    } catch (error) {
      if (!(error instanceof QlikError) || error.qlik?.status !== 401) throw error;
      this.parent.forget(request.host, bearer);
    }
    const fresh = await this.parent.token(request.host, context);
    return this.transport.call({ ...request, bearer: fresh }, context);
  }
}
