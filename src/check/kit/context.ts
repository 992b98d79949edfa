import { AsyncLocalStorage } from 'node:async_hooks'
import type { Redis } from 'ioredis'

/** One command that the learner's code sent. */
export interface SentCommand {
  /** Which of the learner's connections, counted from 1 in the order of their first command. */
  readonly client: number
  readonly name: string
  readonly args: readonly string[]
  reply?: unknown
  error?: Error
  pending: boolean
  /** Milliseconds of this process's clock. */
  readonly sentAt: number
  answeredAt?: number
  /** Where in the learner's file; formatted only when asked, a stack costs more than a command. */
  readonly origin: { readonly stack?: string | undefined }
}

/**
 * What one run of the learner's code meets at its commands. The run is recognised by its asynchronous context, not by its
 * connection, so it does not matter whether an answer duplicates the client, opens one or shares it.
 */
export interface Faults {
  /** Called for every command, counted from 1. `hold` keeps this one and all later ones of the run back until it resolves. */
  onCommand(name: string, count: number): Verdict
  /** Connections that this run has used, to be cut when its process "dies". */
  readonly clients: Set<Redis>
}
export type Verdict =
  | { readonly kind: 'send' }
  | { readonly kind: 'hold'; readonly until: Promise<void> }
  | { readonly kind: 'drop' }
  /** Send on its own at once, even out of a pipeline, so that each command can be the last one. */
  | { readonly kind: 'alone'; sent(promise: Promise<unknown>): void }

interface Run {
  readonly faults: Faults
  count: number
  held: (() => void)[] | undefined
}

const runs = new AsyncLocalStorage<Run>()

export function currentRun(): Run | undefined {
  return runs.getStore()
}

export function withFaults<T>(faults: Faults, run: () => T): T {
  return runs.run({ faults, count: 0, held: undefined }, run)
}

const scopes = new AsyncLocalStorage<SentCommand[]>()

/** Collects the commands that `run` sends, and those alone, whoever else sends at the same time. */
export function collecting<T>(into: SentCommand[], run: () => T): T {
  return scopes.run(into, run)
}

export function collect(command: SentCommand): void {
  scopes.getStore()?.push(command)
}
