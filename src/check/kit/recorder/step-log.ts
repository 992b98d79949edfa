import type { Change, CommandStep, ServerStep } from '../../../recording/index.ts'
import type { SentCommand } from '../context.ts'
import type { Caller } from '../races/callers.ts'
import type { ForeignCommand } from './foreign.ts'

/** One time that a command was sent, or should have been. A command whose reply got lost is sent again. */
export interface LoggedCommand {
  readonly kind: 'command'
  readonly command: SentCommand
  fate: CommandStep['fate']
  /** Milliseconds of this process's clock, and the same as moments. */
  sentAt?: number | undefined
  answeredAt?: number | undefined
  sent?: number | undefined
  answered?: number | undefined
  reply?: unknown
  error?: Error | undefined
  about?: true
  changes: readonly Change[]
  /** Parked commands that it woke. */
  readonly woke: LoggedCommand[]
  /** A cluster's node, as `host:port`. */
  readonly node?: string | undefined
}

interface Moment {
  /** Milliseconds of this process's clock, and the same as a moment. */
  readonly at: number
  readonly answered: number
}

/** A message of Pub/Sub that reached a connection of the learner's; `from` is the command that published it. */
export interface LoggedMessage extends Moment {
  readonly kind: 'message'
  readonly caller: Caller
  readonly client: number
  readonly channel: string
  readonly text: Buffer | string
  readonly from: LoggedCommand | undefined
}

/** Something else that happened during a test. */
export type LoggedEvent =
  | LoggedMessage
  | (Moment & {
      readonly kind: 'server'
      readonly cause: ServerStep['cause']
      readonly changes: readonly Change[]
    })
  | (Moment & {
      readonly kind: 'check'
      readonly sent: readonly ForeignCommand[]
      /** How many commands were left out here. */
      readonly leftOut?: number
      readonly changes: readonly Change[]
      readonly woke: LoggedCommand[]
    })

export type Logged = LoggedCommand | LoggedEvent
