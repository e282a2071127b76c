import { Module } from '@nestjs/common';
import { ExistingClientsRepository } from './existing-clients.repository.js';

/** The clients that OEMs made, for the processes that accept customers and for the one that works on runs. */
@Module({ providers: [ExistingClientsRepository], exports: [ExistingClientsRepository] })
export class ExistingClientsModule {}
