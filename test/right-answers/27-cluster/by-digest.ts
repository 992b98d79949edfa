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

/** Sent as a digest, or in full to a node that doesn't have it yet. */
const BODY = `
local function version_of(key)
  local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', '1')
  if #newest == 0 then return 0 end
  return tonumber((string.gsub(newest[1][1], '%-.*', '')))
end
local version = version_of(KEYS[1])
if tostring(version) ~= ARGV[1] then return redis.error_reply('CONFLICT ' .. version) end
redis.call('XLEN', KEYS[2]) -- fails here, before the first write, if the log isn't a stream
for i = 1, (#ARGV - 2) do
  local entry = {'event', ARGV[i + 2]}
  redis.call('XADD', KEYS[1], (version + i) .. '-0', unpack(entry))
  redis.call('XADD', KEYS[2], '*', 'streamId', ARGV[2], 'version', version + i, unpack(entry))
end
return version + #ARGV - 2`
const DIGEST = createHash('sha1').update(BODY).digest('hex')

export async function append(
  redis: Store,
  partitions: number,
  streamId: string,
  events: readonly DomainEvent[],
  expectedVersion: number,
): Promise<number> {
  const { stream, log } = keysOf(streamId, partitions)
  const args = [stream, log, expectedVersion, streamId, ...events.map(encodeEvent)]
  try {
    const version = await redis.evalsha(DIGEST, 2, ...args).catch((error: Error) => {
      if (error.message.startsWith('NOSCRIPT')) return redis.eval(BODY, 2, ...args)
      throw error
    })
    return version as number
  } catch (error) {
    const actual = /^CONFLICT (\d+)/.exec((error as Error).message)?.[1]
    if (actual === undefined) throw error
    throw new VersionConflictError(streamId, expectedVersion, Number(actual))
  }
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
  const values = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? '', fields[i + 1] ?? '')
  const value = (name: string) => values.get(name) ?? ''
  return {
    position,
    streamId: value('streamId'),
    version: Number(value('version')),
    event: decodeEvent(value('event')),
  }
}

/** Loads a library of functions into every master: each has its own libraries, and a key can be on any of them. */
export async function installLibrary(cluster: Cluster, code: string): Promise<void> {
  await Promise.all(cluster.nodes('master').map((node) => node.call('FUNCTION', 'LOAD', 'REPLACE', code)))
}
