import { AccessRefusals, ApiKeys, type Caller } from '@app/access';
import { DomainError } from '@app/platform';
import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { operationOf } from '../access/operation-of.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { ApiKeyIdPipe } from './api-key-id.pipe.js';
import {
  ApiKeyFilter,
  ApiKeyPage,
  CreatedApiKey,
  expiryOf,
  NewApiKey,
  NewApiKeyReplacement,
  ReplacingApiKey,
  showCreated,
  showPage,
  showReplacing,
} from './api-key.schema.js';

const keyId = ApiParam({ name: 'id', schema: { type: 'string', minLength: 1, maxLength: 200 } });

/** The keys by which systems of the OEM call. */
@ApiTags('API keys')
@Controller('v1/api-keys')
export class ApiKeysController {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly refusals: AccessRefusals,
  ) {}

  @Post()
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  @RequiresScope('api-keys:write')
  @Operation({
    id: 'createApiKey',
    summary: 'Make an API key',
    description:
      'The answer shows the key, this once. The request takes no Idempotency-Key, because a key cannot be shown again: after an answer that you did not get, list the keys, revoke the one that nobody holds, and make another. At most two active keys have one name, so that repeating the request does not fill the list.',
    status: 201,
    schema: CreatedApiKey,
    answers: 'The key.',
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'API_KEY_EXPIRY_INVALID',
      'SCOPE_NOT_HELD',
      'API_KEY_NAME_IN_USE',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  })
  async create(
    @Body({ schema: NewApiKey }) body: NewApiKey,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<CreatedApiKey> {
    const { name, scopes } = body;
    const making = this.apiKeys.create({ name, scopes, expiresAt: expiryOf(body), ...givenBy(caller) });
    return showCreated(await this.#auditRefusal(making, caller, request));
  }

  @Get()
  @RequiresScope('api-keys:write')
  @Operation({
    id: 'listApiKeys',
    summary: 'List the API keys',
    description: 'Every key there ever was, revoked and expired ones too; never the keys themselves.',
    status: 200,
    schema: ApiKeyPage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID'],
  })
  async list(@Query({ schema: ApiKeyFilter }) { cursor, limit }: ApiKeyFilter): Promise<ApiKeyPage> {
    return showPage(await this.apiKeys.list({ limit, ...(cursor === undefined ? {} : { cursor }) }));
  }

  @Post(':id/replacement')
  @HttpCode(201)
  @Header('cache-control', 'no-store')
  @RequiresScope('api-keys:write')
  @keyId
  @Operation({
    id: 'replaceApiKey',
    summary: 'Make a second key in place of one',
    description:
      'The new key has the same name and scopes. The old one works on beside it until it is revoked or the overlap is over. Hand the new key over, see in the list that the old one is no longer used, and revoke it. You must hold every scope of the old key.',
    status: 201,
    schema: ReplacingApiKey,
    answers: 'The new key, and when the old one ends.',
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'API_KEY_EXPIRY_INVALID',
      'SCOPE_NOT_HELD',
      'API_KEY_NOT_FOUND',
      'API_KEY_NOT_ACTIVE',
      'API_KEY_NAME_IN_USE',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
    ],
  })
  async replace(
    @Param('id', ApiKeyIdPipe) id: string,
    @Body({ schema: NewApiKeyReplacement }) body: NewApiKeyReplacement,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<ReplacingApiKey> {
    const overlapMs = body.overlapSeconds * 1000;
    const replacing = this.apiKeys.replace(id, { overlapMs, expiresAt: expiryOf(body), ...givenBy(caller) });
    return showReplacing(await this.#auditRefusal(replacing, caller, request));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequiresScope('api-keys:write')
  @keyId
  @Operation({
    id: 'revokeApiKey',
    summary: 'Revoke an API key',
    description:
      'It is refused from the next request on. Any key may be revoked, also one with scopes that you do not hold, and the one that you use.',
    status: 204,
    answers: 'It is revoked, or was already.',
    problems: ['API_KEY_NOT_FOUND'],
  })
  async revoke(@Param('id', ApiKeyIdPipe) id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.apiKeys.revoke(id, caller.actor);
  }

  /** That somebody tried to give a right that is not theirs belongs into the audit trail. */
  async #auditRefusal<T>(work: Promise<T>, caller: Caller, request: FastifyRequest): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'forbidden') {
        await this.refusals.recordRefusal({ error, operation: operationOf(request), caller });
      }
      throw error;
    }
  }
}

/** Whose doing it is, and what they can give. */
const givenBy = ({ actor, scopes }: Caller) => ({ actor, heldScopes: scopes });
