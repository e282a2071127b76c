import type { Question } from './confirm.js';

/** What a command is given beside its options. */
export interface CommandContext {
  env: NodeJS.ProcessEnv;
  /** Writes the result to standard output: `result` with `--json`, else `text`. */
  print: (result: object, text: string) => void;
  /** Writes a part of a result that is longer than memory to standard output; resolves when there is room for more. */
  write: (text: string) => Promise<void>;
  /** All of standard input, which must be no terminal and at most 64 KiB. Throws INPUT_MISSING or INPUT_TOO_LONG. */
  readInput: () => Promise<string>;
  /** Asks a person, as `confirm` does. Nobody is asked with `--json`, nor where standard input or standard error is no terminal. */
  confirm: <Asked extends Question>(question: () => Promise<Asked>) => Promise<Asked>;
  /** Tells whoever watches how far the command is: one line on a terminal, written over each time, and nothing anywhere else. */
  showProgress: (text: string) => void;
  /** Whether `showProgress` shows anything. */
  showsProgress: boolean;
  /** Tells people something that is no result, as a line of standard error; nothing with `--json`. */
  note: (text: string) => void;
  /** Says that the check was done and found a problem; the command then ends with 3. */
  foundProblem: () => void;
}
