import { type DynamicModule, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { Backend, messages } from '../core/backend.js';
import type { Settings } from '../core/settings.js';
import { AnalyticsController } from './analytics.controller.js';
import { SignupController } from './signup.controller.js';
import { WebhooksController } from './webhooks.controller.js';

/** A signup backend with its page. */
@Module({})
export class SignupModule implements OnApplicationBootstrap {
  constructor(private readonly backend: Backend) {}

  static forRoot(settings: Settings): DynamicModule {
    return {
      module: SignupModule,
      controllers: [SignupController, AnalyticsController, WebhooksController],
      providers: [{ provide: Backend, useFactory: () => new Backend(settings, messages) }],
    };
  }

  onApplicationBootstrap(): void {
    this.backend.onboarding.start();
  }
}
