import { createHash } from 'node:crypto'
import type { ChainableCommander, Cluster, Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

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

const PAGE_SIZE = 100

/** From 0 to `partitions - 1`; the same for a stream in every program and for ever. */
export function partitionOf(streamId: string, partitions: number): number {
  return createHash('sha256').update(streamId).digest().readUInt32BE(0) % partitions
}

export function keysOf(streamId: string, partitions: number): StreamKeys {
  const partition = partitionOf(streamId, partitions)
  // The first pair of braces is the hash tag, so braces in a streamId do no harm.
  return { partition, stream: `es:{p${partition}}:stream:${streamId}`, log: logOf(partition) }
}

function logOf(partition: number): string {
  return `es:{p${partition}}:log`
}

/**
 * Compares the version, then writes into stream and log, in one step. An error in the middle of a script doesn't undo the
 * writes before it, so XLEN first: it fails if the log's key holds something else.
 * KEYS[1]   the stream
 * KEYS[2]   the log of its partition
 * ARGV[1]   the expected version
 * ARGV[2]   the stream's id
 * ARGV[3…]  the events as JSON, one each
 * Replies {1, version after the last event} or {0, actual version}: nothing written.
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
 * Appends all events or none, if the stream is still at `expectedVersion`; resolves to the version after the last.
 * @throws VersionConflictError, MalformedEventError: nothing has been written then
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
 * Hands the events of one partition to `handle`, in the order of its log, from where `consumer` stopped last time to the
 * log's end; resolves to their number. Effects and checkpoint are written together, event by event.
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
  const value = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
  return {
    position,
    streamId: value('streamId'),
    version: Number(value('version')),
    event: decodeEvent(value('event')),
  }
}

/** Loads a library of functions into every master: each has its own, and a key may lie on any of them. */
export async function installLibrary(cluster: Cluster, code: string): Promise<void> {
  await Promise.all(cluster.nodes('master').map((node) => node.call('FUNCTION', 'LOAD', 'REPLACE', code)))
}
