import type { ChainableCommander, Cluster, Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

/** One server or a cluster. Only the keys depend on which it is. */
export type Store = Redis | Cluster

export interface StreamKeys {
  readonly partition: number
  /** The key of the stream's events; the entry of version 7 is `7-0`. */
  readonly stream: string
  /** The key of the log: the events of all streams in the partition, in the order in which they were appended. */
  readonly log: string
}

export interface LoggedEvent {
  /** The ID of the log's entry. */
  readonly position: string
  readonly streamId: string
  readonly version: number
  readonly event: DomainEvent
}

/** Queues the effects of an event on `effects`. Their keys are in the partition, so they begin with `es:{p<partition>}:`. */
export type Handle = (logged: LoggedEvent, effects: ChainableCommander) => void

/** Another writer was faster, and nothing was written. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError'
  readonly streamId: string
  readonly expected: number
  readonly actual: number

  constructor(streamId: string, expected: number, actual: number) {
    super(`${streamId} is at version ${actual}, not at ${expected} as expected`)
    this.streamId = streamId
    this.expected = expected
    this.actual = actual
  }
}

/** Returns a number from 0 to `partitions - 1`, which is forever the same for a stream, in every program. */
export function partitionOf(_streamId: string, _partitions: number): number {
  throw new Error('Not written yet: partitionOf')
}

export function keysOf(_streamId: string, _partitions: number): StreamKeys {
  throw new Error('Not written yet: keysOf')
}

/** Appends all events if the stream is still at `expectedVersion`, and resolves to the version after the last one. */
export async function append(
  _redis: Store,
  _partitions: number,
  _streamId: string,
  _events: readonly DomainEvent[],
  _expectedVersion: number,
): Promise<number> {
  throw new Error('Not written yet: append')
}

/** Passes the events of one partition to `handle`, from where `consumer` last stopped, and resolves to their number. */
export async function consume(
  _redis: Store,
  _partition: number,
  _consumer: string,
  _handle: Handle,
): Promise<number> {
  throw new Error('Not written yet: consume')
}

/** Loads a library of functions into every master. */
export async function installLibrary(_cluster: Cluster, _code: string): Promise<void> {
  throw new Error('Not written yet: installLibrary')
}
