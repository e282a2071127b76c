export { IdPipe } from './problems/id.pipe.js';
export { edgeProblems, type ProblemCatalog } from './problems/problem-catalog.js';
export { ProblemFilter } from './problems/problem.filter.js';
export { Problem } from './problems/problem.schema.js';
export { routeNotFound } from './problems/route-not-found.js';
export { parseInput, SchemaPipe } from './problems/schema.pipe.js';
export { type HttpAppOptions, startHttpApp } from './start-http-app.js';
