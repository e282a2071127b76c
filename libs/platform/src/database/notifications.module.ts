import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Database } from './database.js';
import { Notifications, type NotificationsOptions } from './notifications.js';

/** Lets the modules of a process remember what notifications can make stale; needs the process's `DatabaseModule`. */
@Global()
@Module({})
export class NotificationsModule {
  static forRoot(options: NotificationsOptions): DynamicModule {
    return {
      module: NotificationsModule,
      providers: [
        {
          provide: Notifications,
          useFactory: (database: Database) => new Notifications(database, options),
          inject: [Database],
        },
      ],
      exports: [Notifications],
    };
  }
}
