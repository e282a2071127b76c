import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Database, type DatabaseOptions } from './database.js';

/** Gives every module of a process the one `Database`. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(options: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: Database, useFactory: () => new Database(options) }],
      exports: [Database],
    };
  }
}
