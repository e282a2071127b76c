import { DomainError } from '@app/platform';
import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../access/requires-scope.decorator.js';
import { isProblemCode, problemCatalog } from './problem-catalog.js';

/** Explains the `type` of a problem to whoever follows it. */
@ApiExcludeController()
@Controller('problems')
export class ProblemsController {
  @Get(':name')
  @Public()
  @Header('content-type', 'text/plain; charset=utf-8')
  explain(@Param('name') name: string): string {
    const code = name.toUpperCase().replaceAll('-', '_');
    if (!isProblemCode(code))
      throw new DomainError('not-found', 'ROUTE_NOT_FOUND', 'No problem of this API has that name.');
    const { status, title } = problemCatalog[code];
    return `${code} (${status})\n${title}.\nThe "detail" of the problem says what to do; docs/api.md lists all problems.\n`;
  }
}
