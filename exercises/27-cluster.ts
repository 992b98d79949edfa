import type { ChainableCommander, Cluster, Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

/** One server or many: the keys make sure that nothing else has to know. */
export type Store = Redis | Cluster

export interface StreamKeys {
  readonly partition: number
  /** The events of this stream; the entry of version 7 is `7-0`. */
  readonly stream: string
  /** The events of all streams of the partition, in the order in which they were appended. */
  readonly log: string
}

export interface LoggedEvent {
  /** The id of the log's entry. */
  readonly position: string
  readonly streamId: string
  readonly version: number
  readonly event: DomainEvent
}

/** Queues what an event means on `effects`; its keys lie in the partition, so they begin with `es:{p<partition>}:`. */
export type Handle = (logged: LoggedEvent, effects: ChainableCommander) => void

/** Somebody else was faster. Nothing was written. */
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

/** From 0 to `partitions - 1`; the same for a stream in every program and for ever. */
export function partitionOf(_streamId: string, _partitions: number): number {
  throw new Error('Not written yet: partitionOf')
}

export function keysOf(_streamId: string, _partitions: number): StreamKeys {
  throw new Error('Not written yet: keysOf')
}

/** Appends all events or none, if the stream is still at `expectedVersion`; resolves to the version after the last. */
export async function append(
  _redis: Store,
  _partitions: number,
  _streamId: string,
  _events: readonly DomainEvent[],
  _expectedVersion: number,
): Promise<number> {
  throw new Error('Not written yet: append')
}

/** Hands the events of one partition to `handle`, from where `consumer` stopped; resolves to their number. */
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
