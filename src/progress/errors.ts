/** The program tried to record something that isn't an event: a bug in the program, not a problem of the machine. */
export class BadProgressEventError extends Error {
  override readonly name = 'BadProgressEventError'
  readonly eventType: string
  readonly problem: string

  constructor(eventType: string, problem: string) {
    super(`${eventType} can't be recorded: ${problem}.`)
    this.eventType = eventType
    this.problem = problem
  }
}

/** An export or import didn't happen, and nothing was changed. The message is for the learner. */
export class ProgressTransferError extends Error {
  override readonly name = 'ProgressTransferError'
  readonly file: string
  readonly reason: TransferProblem

  constructor(file: string, reason: TransferProblem, sentence: string) {
    super(sentence)
    this.file = file
    this.reason = reason
  }
}

export type TransferProblem =
  | 'exists'
  | 'nothing to export'
  | 'cannot be read'
  | 'cannot be written'
  | 'no progress log'
  | 'newer format'
  | 'busy'

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

/** The system's message in words: `no space left on device`. */
export function saidBySystem(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return /^[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.message
}
