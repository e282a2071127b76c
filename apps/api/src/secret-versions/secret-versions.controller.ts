import { CustomersReader } from '@app/customers';
import { IdPipe } from '@app/http';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { SecretVersionFilter, SecretVersionPage, showSecretVersion } from './secret-version.schema.js';
import { SecretVersionsReader } from './secret-versions.reader.js';

/** The history of a customer's secrets, without the secrets. */
@ApiTags('Credentials')
@Controller('v1/customers/:id/secret-versions')
export class SecretVersionsController {
  constructor(
    private readonly customers: CustomersReader,
    private readonly versions: SecretVersionsReader,
  ) {}

  @Get()
  @RequiresScope('customers:read')
  @ApiParam({ name: 'id', schema: { type: 'string', format: 'uuid' } })
  @Operation({
    id: 'listSecretVersions',
    summary: "List the versions of a customer's secret",
    description: 'When each was made, given out, replaced and revoked. Nothing of the secret itself.',
    status: 200,
    schema: SecretVersionPage,
    answers: 'A page, newest first.',
    problems: ['REQUEST_INVALID', 'CUSTOMER_NOT_FOUND'],
  })
  async list(
    @Param('id', new IdPipe('customer')) id: string,
    @Query({ schema: SecretVersionFilter }) filter: SecretVersionFilter,
  ): Promise<z.output<typeof SecretVersionPage>> {
    const customer = await this.customers.get(id);
    const page = await this.versions.list(customer.id, filter);
    return { ...page, secretVersions: page.secretVersions.map(showSecretVersion) };
  }
}
