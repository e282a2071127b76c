import { describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { type DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { Public, RequiresScope } from './requires-scope.decorator.js';
import { RouteAccessCheck } from './route-access-check.js';

@Controller('good')
class GoodController {
  @Get('open')
  @Public()
  open(): void {
    this.notARoute();
  }

  @Get('closed')
  @RequiresScope('runs:read')
  closed(): void {
    this.notARoute();
  }

  notARoute(): void {
    return undefined;
  }
}

@Controller('bad')
class BadController {
  @Get()
  forgotten(): void {
    return undefined;
  }
}

function check(...controllers: object[]): void {
  const discovery = { getControllers: () => controllers.map((metatype) => ({ metatype })) };
  new RouteAccessCheck(discovery as unknown as DiscoveryService, new MetadataScanner(), new Reflector()).onModuleInit();
}

describe('RouteAccessCheck', () => {
  it('lets routes pass that name a scope or are public', () => expect(() => check(GoodController)).not.toThrow());

  it('does not let the process start with a route that says neither, and says what to do', () => {
    expect(() => check(GoodController, BadController)).toThrow(
      'The route BadController.forgotten names no scope: add @RequiresScope(…) or @Public().',
    );
  });
});
