import { createHash } from 'node:crypto'
import type { ChainableCommander, Cluster, Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

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

const PAGE_SIZE = 100

/** Returns a number from 0 to `partitions - 1`, which is forever the same for a stream, in every program. */
export function partitionOf(streamId: string, partitions: number): number {
  return createHash('sha256').update(streamId).digest().readUInt32BE(0) % partitions
}

export function keysOf(streamId: string, partitions: number): StreamKeys {
  const partition = partitionOf(streamId, partitions)
  // Only the first pair of braces is the hash tag, so braces in a streamId do no harm.
  return { partition, stream: `es:{p${partition}}:stream:${streamId}`, log: logOf(partition) }
}

function logOf(partition: number): string {
  return `es:{p${partition}}:log`
}

/**
 * Compares the version, then writes to the stream and the log, in one step. An error in the middle of a script doesn't undo
 * the writes before it, so XLEN comes first: it fails if the log's key isn't a stream.
 * KEYS[1]   the stream
 * KEYS[2]   the log of its partition
 * ARGV[1]   the expected version
 * ARGV[2]   the stream's ID
 * ARGV[3…]  the events, each as JSON
 * Replies {1, version after the last event}, or {0, actual version} if nothing was written.
 */
const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local version = 0
if last[1] then version = tonumber(string.match(last[1][1], '^%d+')) end
if version ~= tonumber(ARGV[1]) then return {0, version} end
redis.call('XLEN', KEYS[2])
for i = 3, #ARGV do
  version = version + 1
  local text = string.format('%d', version)
  redis.call('XADD', KEYS[1], text .. '-0', 'event', ARGV[i])
  redis.call('XADD', KEYS[2], '*', 'streamId', ARGV[2], 'version', text, 'event', ARGV[i])
end
return {1, version}
`

/**
 * Appends all events if the stream is still at `expectedVersion`, and resolves to the version after the last one.
 * @throws VersionConflictError or MalformedEventError, and writes nothing
 */
export async function append(
  redis: Store,
  partitions: number,
  streamId: string,
  events: readonly DomainEvent[],
  expectedVersion: number,
): Promise<number> {
  const { stream, log } = keysOf(streamId, partitions)
  const texts = events.map(encodeEvent)
  const reply = await redis.eval(APPEND, 2, stream, log, expectedVersion, streamId, ...texts)
  const [written, version] = reply as [0 | 1, number]
  if (written === 0) throw new VersionConflictError(streamId, expectedVersion, version)
  return version
}

/**
 * Passes the events of one partition to `handle`, in the order of its log, from where `consumer` last stopped to the end of
 * the log, and resolves to their number. Writes the effects of each event together with the checkpoint.
 */
export async function consume(
  redis: Store,
  partition: number,
  consumer: string,
  handle: Handle,
): Promise<number> {
  const checkpoint = `es:{p${partition}}:checkpoint:${consumer}`
  let position = (await redis.get(checkpoint)) ?? '0-0'
  for (let handled = 0; ; ) {
    const page = await redis.xrange(logOf(partition), `(${position}`, '+', 'COUNT', PAGE_SIZE)
    for (const [id, fields] of page) {
      const transaction = redis.multi()
      handle(loggedEvent(id, fields), transaction)
      for (const [error] of (await transaction.set(checkpoint, id).exec()) ?? []) if (error) throw error
      position = id
      handled += 1
    }
    if (page.length < PAGE_SIZE) return handled
  }
}

function loggedEvent(position: string, fields: readonly string[]): LoggedEvent {
  // By position, because a stream may have the same name as a field.
  const [, streamId = '', , version, , event = ''] = fields
  return { position, streamId, version: Number(version), event: decodeEvent(event) }
}

/** Loads a library of functions into every master: each has its own libraries, and a key can be on any of them. */
export async function installLibrary(cluster: Cluster, code: string): Promise<void> {
  await Promise.all(cluster.nodes('master').map((node) => node.call('FUNCTION', 'LOAD', 'REPLACE', code)))
}
