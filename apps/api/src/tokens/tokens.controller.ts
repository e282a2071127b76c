import { IdPipe, parseInput } from '@app/http';
import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, type ApiBodyOptions, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { tell } from './minted-token.js';
import { TokenBroker } from './token-broker.js';
import { tokenProblems } from './token-problem.js';
import { NewToken, Token } from './token.schema.js';

type TokenRequest = FastifyRequest<{ Params: { id: string } }>;

const customerId = new IdPipe('customer');

/** Tokens in place of secrets: who asks here never holds one, and notices no rotation. */
@ApiTags('Tokens')
@Controller('v1/customers/:id/tokens')
export class TokensController {
  constructor(private readonly broker: TokenBroker) {}

  @Post()
  @HttpCode(200)
  @RequiresScope('tokens:write')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  // Nest reads `standardSchema` here, though its types do not say so.
  @ApiBody({ standardSchema: NewToken } as ApiBodyOptions)
  @Header('cache-control', 'no-store')
  @Header('content-type', 'application/json; charset=utf-8')
  @Operation({
    id: 'createToken',
    summary: "Get a token of a customer's user",
    description:
      'An impersonation token of the tenant, got with the stored secret, which never leaves; rotations are not noticed. Equal requests get the same token while it lives for at least another minute (or a tenth of its life, if that is shorter) and nothing has changed: a new secret, the removal of the customer or a repair of its client ends that at once. A token that was given out lives on until it expires: Qlik has no call that ends it.',
    status: 200,
    schema: Token,
    answers: 'The token.',
    headers: { 'Cache-Control': '`no-store`' },
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'CUSTOMER_NOT_FOUND',
      'CUSTOMER_NOT_READY',
      'CUSTOMER_OFFBOARDED',
      'SCOPE_NOT_ALLOWED',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'SECRET_UNREADABLE',
      'KEY_PROVIDER_UNAVAILABLE',
      'SECRET_CHANGING',
      ...tokenProblems,
    ],
  })
  create(@Req() request: TokenRequest): string | Promise<string> {
    // Not as parameters of their own: Nest makes several promises for each, and nothing is asked as often as this.
    const id = customerId.transform(request.params.id);
    const wanted = parseInput(NewToken, request.body, 'The body');
    const minted = this.broker.getToken(id, wanted, { caller: request.caller!, requestId: request.id });
    return minted instanceof Promise ? minted.then(tell) : tell(minted);
  }
}
