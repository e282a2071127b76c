import 'reflect-metadata';
import { readApiContract } from './api-contract.js';

process.stdout.write(`${JSON.stringify(await readApiContract(), undefined, 2)}\n`);
