import 'reflect-metadata';
import { runProcess } from '@app/platform';
import { startDashboard } from './start-dashboard.js';

await runProcess((env) => startDashboard(env));
