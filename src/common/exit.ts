/** The program's exit codes; scripts and editors rely on them. */
export const Exit = {
  passed: 0,
  notPassed: 1,
  wrongUse: 2,
  /** The machine lacks something: Redis, memory, permission to write. */
  machine: 3,
  /** A bug in eventlings itself (`EX_SOFTWARE`), so that no script takes it for a verdict. */
  unexpected: 70,
  /** 128 plus the number of SIGINT, as in shells. */
  interrupted: 130,
} as const

export type ExitCode = (typeof Exit)[keyof typeof Exit]

/** The program was asked for something that can't be done that way. The message says how to ask for it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly exitCode = Exit.wrongUse
}
