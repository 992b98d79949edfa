import { Exit } from '../common/exit.ts'

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
  readonly exitCode = Exit.wrongUse
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
