import { CustomersReader } from '@app/customers';
import { IdPipe } from '@app/http';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { OAuthClientsReader } from './oauth-clients.reader.js';
import {
  CustomerFilter,
  showCustomer,
  showCustomerDetails,
  type ShownCustomer,
  type ShownCustomerDetails,
} from './customer.schema.js';

/** Customers, for operators to look at. */
@Controller('api/customers')
export class CustomersController {
  constructor(
    private readonly reader: CustomersReader,
    private readonly clients: OAuthClientsReader,
  ) {}

  @Get()
  async list(
    @Query({ schema: CustomerFilter }) filter: CustomerFilter,
  ): Promise<{ customers: ShownCustomer[]; nextCursor?: string }> {
    const page = await this.reader.list(filter);
    return { ...page, customers: page.customers.map(showCustomer) };
  }

  @Get(':id')
  async get(@Param('id', new IdPipe('customer')) id: string): Promise<ShownCustomerDetails> {
    return showCustomerDetails(await this.reader.get(id), await this.clients.findActive(id));
  }
}
