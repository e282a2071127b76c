import { Option } from 'commander';
import { RunChange } from '../../api/src/runs/run.schema.js';
import { accept } from './mistakes.js';

/** `--reason`: why a person changes something. */
export const reasonOption = (): Option =>
  new Option('--reason <text>', 'why: kept in the audit trail')
    .argParser((reason) => accept(RunChange, { reason }).reason)
    .makeOptionMandatory();
