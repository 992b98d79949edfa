import { AsyncLocalStorage } from 'node:async_hooks'
import type { Redis } from 'ioredis'
import type { Timed } from './order.ts'

/** One command that the learner's code sent. */
export interface SentCommand extends Timed {
  /** Which of the learner's connections, counted from 1 in the order of their first command. */
  client: number
  readonly name: string
  readonly args: readonly string[]
  reply?: unknown
  error?: Error
  pending: boolean
  /** Milliseconds of this process's clock: when the code asked for it, when it left, when the reply was read. */
  readonly issuedAt: number
  sentAt?: number
  answeredAt?: number
  /** The same moments, and `turn`, as `inOrder` needs them. */
  readonly issued: number
  sent?: number
  answered?: number
  turn?: number
  /** The check kept it back for a while. */
  held?: boolean
  /** It will never be answered: its process "died" before it was sent, or the check cut the connection at the end. */
  gone?: 'died' | 'cut'
  /** Sent before, on a connection that broke before the reply; ioredis then sends the command again. */
  lost?: LostAttempt[]
  /** Where in the learner's file; formatted only when asked, a stack costs more than a command. */
  readonly origin: { readonly stack?: string | undefined }
}

export interface LostAttempt {
  readonly sentAt: number
  readonly sent: number
  /** When it was sent again. */
  readonly answered: number
}

/**
 * What one run of the learner's code meets at its commands. The run is recognised by its asynchronous context, not by its
 * connection, so it does not matter whether an answer duplicates the client, opens one or shares it.
 */
export interface Faults {
  /**
   * Where this run may be stopped. `command`: before each, even in the middle of a pipeline, whose commands are then sent one by
   * one. `burst`: only before those that other code could come before on the same connection, because ioredis writes a
   * pipeline, and all else that is sent without waiting, at once.
   */
  readonly stopsAt: 'command' | 'burst'
  /** Called at every such place, counted from 1. `hold` keeps this command and all later ones of the run back until it resolves. */
  onCommand(name: string, count: number): Verdict
  /** Connections that this run has used, to be cut when its process "dies". */
  readonly clients: Set<Redis>
}
export type Verdict =
  /** `sent` gets the promise of the reply, for whoever has to wait for it. */
  | { readonly kind: 'send'; sent?(promise: Promise<unknown>): void }
  /** `reached`: all that this run had sent before has been answered. */
  | { readonly kind: 'hold'; readonly until: Promise<void>; reached(): void }
  | { readonly kind: 'drop' }

export interface Run {
  readonly faults: Faults
  count: number
  held: (() => void)[] | undefined
  /** Something was sent, and the code has gone on since without waiting for anything. */
  inBurst: boolean
  /** What it sent while no reply has been read; the answered ones are removed at a hold. */
  readonly commands: SentCommand[]
}

const runs = new AsyncLocalStorage<Run>()

export function currentRun(): Run | undefined {
  return runs.getStore()
}

export function withFaults<T>(faults: Faults, run: () => T): T {
  return runs.run({ faults, count: 0, held: undefined, inBurst: false, commands: [] }, run)
}

const scopes = new AsyncLocalStorage<SentCommand[]>()

/** Collects the commands that `run` sends, and those alone, whoever else sends at the same time. */
export function collecting<T>(into: SentCommand[], run: () => T): T {
  return scopes.run(into, run)
}

export function collect(command: SentCommand): void {
  scopes.getStore()?.push(command)
}
