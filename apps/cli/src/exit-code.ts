/** What a command ends with (docs/cli.md). A deploy pipeline may rely on it. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  problemFound: 3,
  /** As a shell tells of a program that Ctrl-C ended: 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

/** One of `exitCode`. */
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** `exitCode` for `--help`. */
export const exitCodeHelp = `
Exit codes:
  0    done
  1    failed: standard error says why
  2    called wrongly: an unknown command or option, or a value that cannot be
  3    a check found a problem: standard output says which
  130  Ctrl-C: standard error says how to go on`;
