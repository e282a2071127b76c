import type { Caller } from '@app/access';
import { RotationsService } from '@app/customers';
import { IdPipe } from '@app/http';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { etagOf, hasVersion } from '../http/etag.js';
import { Operation } from '../openapi/operation.decorator.js';
import { CredentialsReader } from './credentials.reader.js';
import { Acknowledgement, Credentials } from './credentials.schema.js';

const customerId = ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } });

/** The one place where a customer's secret leaves this service. */
@ApiTags('Credentials')
@Controller('v1/customers/:id/credentials')
export class CredentialsController {
  constructor(
    private readonly credentials: CredentialsReader,
    private readonly rotations: RotationsService,
  ) {}

  @Get()
  @RequiresScope('secrets:read')
  @customerId
  @ApiHeader({ name: 'If-None-Match', required: false, description: 'The ETag of the credentials as you have them.' })
  @Operation({
    id: 'getCredentials',
    summary: "Read a customer's credentials",
    description:
      'Each answer with a body is kept in the audit trail, and the first one of a version tells its rotation that the version was read. Ask with If-None-Match to learn whether there is a new version: a 304 is no read.',
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
    reply.header('cache-control', 'no-store');
    const isKnown = hasVersion(ifNoneMatch, current.version);
    // An answer without a body reveals nothing: it is no read.
    if (isKnown || request.method === 'HEAD') {
      if (isKnown) reply.status(304);
      reply.header('etag', etagOf(current.version));
      return undefined;
    }
    const { credentials, secret } = await this.credentials.reveal(current, caller, request.id);
    const { tenantHost, clientId, version, hint, rotatesAt } = credentials;
    reply.header('etag', etagOf(version));
    return {
      ...{ tenantHost, clientId, clientSecret: secret.reveal(), version, hint },
      rotatesAt: rotatesAt?.toISOString() ?? null,
    };
  }

  @Post('acknowledgements')
  @HttpCode(204)
  @RequiresScope('secrets:read')
  @customerId
  @Operation({
    id: 'acknowledgeCredentials',
    summary: 'Say that you use the new credentials',
    description:
      'A rotation that waits for this goes on by itself, also one that stopped because the acknowledgement was overdue. Repeating it changes nothing.',
    status: 204,
    answers: 'It is noted, now or earlier.',
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'CUSTOMER_NOT_FOUND',
      'CUSTOMER_NOT_READY',
      'VERSION_NOT_CURRENT',
      'CUSTOMER_OFFBOARDED',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  })
  async acknowledge(
    @Param('id', new IdPipe('customer')) id: string,
    @Body({ schema: Acknowledgement }) { version }: Acknowledgement,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.rotations.acknowledge(id, version, caller, request.id);
  }
}
