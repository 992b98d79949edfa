/** What the program's exit code says; scripts and editors rely on it. */
export const Exit = {
  passed: 0,
  notPassed: 1,
  wrongUse: 2,
  /** The machine lacks something: Redis, memory, permission to write. */
  machine: 3,
  /** A mistake in eventlings itself (`EX_SOFTWARE`), so that no script takes it for a verdict. */
  unexpected: 70,
  /** 128 and the number of SIGINT, as shells count it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof Exit)[keyof typeof Exit]
