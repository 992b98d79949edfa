/** Another program didn't release the log in time. `refused`: the system's last answer (`EEXIST`, `EPERM`…). */
export class LockTimeoutError extends Error {
  override readonly name = 'LockTimeoutError'
  readonly file: string
  readonly pid: number | undefined
  readonly refused: string

  constructor(file: string, pid: number | undefined, refused: string) {
    const who = pid === undefined ? 'Another program' : `Another program (process ${pid})`
    super(`${who} isn't releasing the progress log. If no other eventlings is running, delete ${file}.`)
    this.file = file
    this.pid = pid
    this.refused = refused
  }
}

/** The lock was taken away between getting it and writing; nothing was written. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError'
}

/** The code of a system error (`ENOENT`), or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** What an error says to people. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The system's message in words: `no space left on device`. */
export function saidBySystem(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return /^[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message
}
