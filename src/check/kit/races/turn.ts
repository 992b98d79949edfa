import type { Redis } from 'ioredis'
import type { SentCommand } from '../context.ts'
import { isReadOnly, isScript } from '../guards/read-only.ts'
import type { LoggedCommand } from '../recorder/step-log.ts'

type Command = Parameters<typeof Redis.prototype.sendCommand>[0]

/** A command of the learner's that waits at the gate. */
export interface Turn {
  readonly client: Redis
  readonly command: Command
  readonly record: SentCommand
  /** Sends it. */
  readonly go: () => unknown
}

/** Collects what happens while something is at work, and delivers the replies when its changes are known. */
export interface Window {
  /** What was sent and hasn't been answered, and what was sent last. */
  readonly waiting: Map<SentCommand, LoggedCommand>
  last?: LoggedCommand
  readonly woken: LoggedCommand[]
  readonly deliveries: (() => void)[]
  ended(end: 'answered' | 'closed'): void
}

export function entryFor({ record }: Turn, node: string | undefined): LoggedCommand {
  return { kind: 'command', command: record, fate: 'open', changes: [], woke: [], node }
}

/** Copies what's known of the command by now: it may be sent again, and then that's another step. */
export function fill(entry: LoggedCommand): void {
  const { sent, sentAt, answered, answeredAt, reply, error } = entry.command
  Object.assign(entry, { sent, sentAt, answered, answeredAt, reply, error })
}

export function endOf(command: SentCommand): LoggedCommand['fate'] {
  const { error, sent } = command
  if (error === undefined || error.name === 'ReplyError') return 'answered'
  return sent === undefined ? 'unsent' : withoutReply(command)
}

/** Its connection broke: whether Redis executed it is known only if it was the check that lost the reply. */
export function withoutReply({ losable }: SentCommand): 'lost' | 'cut' {
  return losable === true ? 'lost' : 'cut'
}

export function keysOf({ command }: Turn): readonly string[] {
  try {
    return command.getKeys().map(String)
  } catch {
    return [] // a command that ioredis doesn't know
  }
}

/** The keys to read afterward. A script may touch any key, and so may a command that wakes another one. */
export function keysToLookAt(turns: readonly Turn[], isSomeoneParked: boolean): readonly string[] | 'all' {
  const [turn, ...others] = turns
  if (turn === undefined || others.length > 0 || isSomeoneParked || isScript(turn.record.name)) return 'all'
  const keys = keysOf(turn)
  return keys.length > 0 ? keys : 'all'
}

export function mayHaveChanged({ command, fate, reply, error }: LoggedCommand): boolean {
  if (isReadOnly(command.name) || reply === 'QUEUED') return false
  return fate === 'lost' || fate === 'cut' || error === undefined || isScript(command.name)
}
