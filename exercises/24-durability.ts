import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

/** The strings that `CONFIG GET` returns. */
export interface DurabilitySettings {
  readonly appendonly: string
  readonly appendfsync: string
  readonly save: string
  readonly maxmemoryPolicy: string
}

export type Risk =
  | 'crash-loses-all'
  | 'crash-loses-since-snapshot'
  | 'power-loses-a-second'
  | 'power-loses-more'
  | 'memory-evicts'

export interface Loss {
  readonly lost: readonly string[]
  readonly unacknowledged: readonly string[]
  readonly twice: readonly string[]
}

export interface WriteReport {
  readonly acknowledged: readonly string[]
  readonly refused: string | null
  readonly unknown: string | null
}

/** The event is written, with this `id`, but fewer replicas have it than the caller wanted. */
export class NotReplicatedError extends Error {
  override readonly name = 'NotReplicatedError'
  readonly id: string
  readonly wanted: number
  readonly reached: number

  constructor(id: string, wanted: number, reached: number) {
    super(`${id} is written, but only ${reached} of ${wanted} replicas have it`)
    this.id = id
    this.wanted = wanted
    this.reached = reached
  }
}

export class BackupError extends Error {
  override readonly name = 'BackupError'
  readonly reason: 'incomplete' | 'exists'

  constructor(key: string, reason: 'incomplete' | 'exists') {
    super(reason === 'exists' ? `${key} is in use` : `The backup of ${key} is cut off or damaged`)
    this.reason = reason
  }
}

/** Names what can cause a loss of events with these settings, in the order of `Risk`. */
export function judgeDurability(_settings: DurabilitySettings): readonly Risk[] {
  throw new Error('Not written yet: judgeDurability')
}

/** Compares what a writer was promised with what was found. */
export function countLost(_acknowledged: readonly string[], _found: readonly string[]): Loss {
  throw new Error('Not written yet: countLost')
}

/** Judges the settings of the server that `redis` is connected to. */
export async function checkDurability(_redis: Redis): Promise<readonly Risk[]> {
  throw new Error('Not written yet: checkDurability')
}

/** Appends the events one by one, and reports which Redis confirmed, which it refused, and which got no reply. */
export async function writeAcknowledged(
  _redis: Redis,
  _key: string,
  _events: Iterable<DomainEvent>,
): Promise<WriteReport> {
  throw new Error('Not written yet: writeAcknowledged')
}

/** Appends the event, waits up to `timeoutMs` until `replicas` replicas have it, and resolves to the entry's ID. */
export async function appendReplicated(
  _redis: Redis,
  _key: string,
  _event: DomainEvent,
  _options: { readonly replicas: number; readonly timeoutMs: number },
): Promise<string> {
  throw new Error('Not written yet: appendReplicated')
}

/** Yields the stream as it is now, as lines of text. Write it as an `async function*` with `yield`. */
export function backup(_redis: Redis, _key: string): AsyncIterable<string> {
  throw new Error('Not written yet: backup')
}

/** Rebuilds the stream at an unused key and resolves to the number of entries. */
export async function restore(_redis: Redis, _key: string, _lines: AsyncIterable<string>): Promise<number> {
  throw new Error('Not written yet: restore')
}
