import { Module } from '@nestjs/common';
import { CustomerStates } from './customer-states.js';

/** Customer states alone, for the process that works on runs. */
@Module({ providers: [CustomerStates], exports: [CustomerStates] })
export class CustomerStatesModule {}
