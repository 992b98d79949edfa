import { AsyncLocalStorage } from 'node:async_hooks'
import type { Redis } from 'ioredis'
import type { Caller } from './races/callers.ts'
import type { Timed } from './recorder/order.ts'

/** One command that the learner's code sent. */
export interface SentCommand extends Timed {
  /** Which of the learner's connections sent it, counted from 1 in the order of their first command. */
  client: number
  /** The caller that sent it. One caller may use several connections, and two may share one. */
  readonly caller: Caller
  readonly name: string
  readonly args: readonly string[]
  reply?: unknown
  error?: Error
  pending: boolean
  /**
   * Milliseconds of this process's clock: when the code issued the command, when it was sent, when the reply was
   * read.
   */
  readonly issuedAt: number
  sentAt?: number
  answeredAt?: number
  /** The same moments, and `turn`, as `inOrder` needs them. */
  readonly issued: number
  sent?: number
  answered?: number
  turn?: number
  /** The check held it back for a while. */
  held?: boolean
  /** When it did: a moment, as `issued` is. */
  heldSince?: number
  /** The pipeline that it was sent in. */
  readonly pipeline?: object | undefined
  /** The check refused to send it. */
  refused?: true
  /** It will never be answered: its process "died" before it was sent, or the check cut the connection at the end. */
  gone?: 'died' | 'cut'
  /** The check can lose its reply. If its connection breaks, Redis has executed it; otherwise that isn't known. */
  readonly losable?: true
  /** It was sent before, on a connection that broke before the reply; ioredis then sends the command again. */
  lost?: LostAttempt[]
  /** The place in the learner's file. Formatted only on request, because a stack costs more than a command. */
  readonly origin: { readonly stack?: string | undefined }
}

export interface LostAttempt {
  readonly sentAt: number
  readonly sent: number
  /** When it was sent again. */
  readonly answered: number
}

/**
 * The faults that one run of the learner's code meets at its commands. A run is recognized by its asynchronous
 * context, not by its connection, so it doesn't matter whether an answer duplicates the client, opens one or shares
 * it.
 */
export interface Faults {
  /**
   * Where this run may be stopped. `command`: before each command, even in the middle of a pipeline, whose commands
   * are then sent one by one. `burst`: only where other code could send something first on the same connection,
   * because ioredis writes a pipeline, and everything else that is sent without waiting, at once.
   */
  readonly stopsAt: 'command' | 'burst'
  /**
   * Called at every such place, counted from 1. `hold` keeps this command and all later ones of the run back until it
   * resolves.
   */
  onCommand(name: string, count: number): Handling
  /** Connections that this run has used, to be cut when its process "dies". */
  readonly clients: Set<Redis>
}
export type Handling =
  /** `sent` gets the promise of the reply, for code that has to wait for it. */
  | { readonly kind: 'send'; sent?(promise: Promise<unknown>): void }
  /** `reached`: everything this run had sent before has been answered. */
  | { readonly kind: 'hold'; readonly until: Promise<void>; reached(): void }
  /** Never sent. `dropped` gets what rejects the promise of its reply. */
  | { readonly kind: 'drop'; dropped?(reject: (error: Error) => void): void }

export interface Run {
  readonly faults: Faults
  count: number
  held: (() => void)[] | undefined
  /** Something was sent, and the code has continued since without waiting for anything. */
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

/** Collects the commands that `run` sends, and only those, even while other code sends at the same time. */
export function collecting<T>(into: SentCommand[], run: () => T): T {
  return scopes.run(into, run)
}

export function collect(command: SentCommand): void {
  scopes.getStore()?.push(command)
}

/** Whether a call of the learner's code is what's running. */
export function isInCall(): boolean {
  return scopes.getStore() !== undefined
}
