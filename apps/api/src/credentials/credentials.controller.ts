import type { Caller } from '@app/access';
import { IdPipe } from '@app/http';
import { Controller, Get, Headers, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { etagOf, hasVersion } from '../http/etag.js';
import { Operation } from '../openapi/operation.decorator.js';
import { CredentialsReader } from './credentials.reader.js';
import { Credentials } from './credentials.schema.js';

/** The one place where a customer's secret leaves this service. */
@ApiTags('Credentials')
@Controller('v1/customers/:id/credentials')
export class CredentialsController {
  constructor(private readonly credentials: CredentialsReader) {}

  @Get()
  @RequiresScope('secrets:read')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of the credentials as you have them.' })
  @Operation({
    id: 'getCredentials',
    summary: "Read a customer's credentials",
    description:
      'Each answer with a body is kept in the audit trail. Ask with If-None-Match to learn whether there is a new version.',
    status: 200,
    schema: Credentials,
    answers: 'The credentials.',
    headers: { ETag: 'The version of the secret.', 'Cache-Control': '`no-store`' },
    empty: { 304: 'They are as you have them.' },
    problems: [
      'CUSTOMER_NOT_FOUND',
      'CUSTOMER_NOT_READY',
      'CUSTOMER_OFFBOARDED',
      'SECRET_UNREADABLE',
      'KEY_PROVIDER_UNAVAILABLE',
    ],
  })
  async get(
    @Param('id', new IdPipe('customer')) id: string,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Credentials | undefined> {
    const current = await this.credentials.getCurrent(id);
    const { tenantHost, clientId, version, hint } = current;
    reply.header('etag', etagOf(version)).header('cache-control', 'no-store');
    if (hasVersion(ifNoneMatch, version)) {
      reply.status(304);
      return undefined;
    }
    const secret = await this.credentials.reveal(current, caller, request.id);
    return { tenantHost, clientId, clientSecret: secret.reveal(), version, hint, rotatesAt: null };
  }
}
