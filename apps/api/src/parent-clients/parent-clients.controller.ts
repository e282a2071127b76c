import type { Caller } from '@app/access';
import { ParentClientsService, ParentClientStoring } from '@app/parents';
import { Secret } from '@app/platform';
import { assertTenantRegion } from '@app/qlik';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentCaller } from '../access/current-caller.decorator.js';
import { RequiresScope } from '../access/requires-scope.decorator.js';
import { Operation } from '../openapi/operation.decorator.js';
import { NewParentClient, ParentClient, ParentClientList, showParentClient } from './parent-client.schema.js';
import { RegionPipe } from './region.pipe.js';
import { TENANT_HOST_SETTINGS, type TenantHostSettings } from './tenant-regions.js';

const region = ApiParam({
  name: 'region',
  schema: { type: 'string', maxLength: 63 },
  description: 'The second part of the tenants’ hosts: `eu` of `acme.eu.qlikcloud.com`.',
});

/** The OEM's clients that let us into its tenants: taken, and never given out. */
@ApiTags('Parent clients')
@Controller('v1/parent-clients')
export class ParentClientsController {
  constructor(
    private readonly parentClients: ParentClientsService,
    private readonly storing: ParentClientStoring,
    @Inject(TENANT_HOST_SETTINGS) private readonly tenantHosts: TenantHostSettings,
  ) {}

  @Get()
  @RequiresScope('parents:write')
  @Operation({
    id: 'listParentClients',
    summary: 'List the stored parent clients',
    status: 200,
    schema: ParentClientList,
    answers: 'All of them.',
    problems: [],
  })
  async list(): Promise<z.output<typeof ParentClientList>> {
    return { parentClients: (await this.parentClients.list()).map(showParentClient) };
  }

  @Put(':region')
  @RequiresScope('parents:write')
  @region
  @Operation({
    id: 'storeParentClient',
    summary: 'Store the parent client of a region',
    description:
      'In place of the one that is there. Every worker goes on with it within two seconds, without a restart, and drops the tokens of the one before. It goes before a client of the same region in `QLIK_PARENT_CLIENTS`. Nothing is tried at Qlik: a wrong client stops runs with `PARENT_REFUSED`, and they are retried once the right one is stored.',
    status: 200,
    schema: ParentClient,
    answers: 'It took the place of another one.',
    same: { 201: 'The region had none.' },
    problems: [
      'REQUEST_INVALID',
      'BODY_NOT_JSON',
      'REGION_UNKNOWN',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'KEY_PROVIDER_UNAVAILABLE',
    ],
  })
  async store(
    @Param('region') name: string,
    @Body({ schema: NewParentClient }) { clientId, clientSecret }: NewParentClient,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ParentClient> {
    assertTenantRegion(this.tenantHosts, name);
    const { parentClient, isNew } = await this.storing.store(
      { region: name, clientId, clientSecret: new Secret(clientSecret) },
      { actor: caller.actor, requestId: request.id },
    );
    if (isNew) reply.status(201);
    return showParentClient(parentClient);
  }

  @Delete(':region')
  @HttpCode(204)
  @RequiresScope('parents:write')
  @region
  @Operation({
    id: 'deleteParentClient',
    summary: 'Forget the stored parent client of a region',
    description:
      'Workers go on with what `QLIK_PARENT_CLIENTS` has for the region; if that has nothing, runs stop with `PARENT_NOT_CONFIGURED`.',
    status: 204,
    answers: 'It is forgotten.',
    problems: ['PARENT_CLIENT_NOT_FOUND'],
  })
  async delete(
    @Param('region', RegionPipe) name: string,
    @CurrentCaller() caller: Caller,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.parentClients.delete(name, { actor: caller.actor, requestId: request.id });
  }
}
