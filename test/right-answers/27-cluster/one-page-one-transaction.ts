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

export const partitionOf = (streamId: string, partitions: number): number =>
  Number.parseInt(createHash('sha256').update(streamId, 'utf8').digest('hex').slice(0, 8), 16) % partitions

export const keysOf = (streamId: string, partitions: number): StreamKeys => {
  const partition = partitionOf(streamId, partitions)
  const prefix = `es:{p${partition}}`
  return { partition, stream: [prefix, 'stream', streamId].join(':'), log: `${prefix}:log` }
}

/** KEYS: the stream, the log. ARGV: the expected version, the stream's ID, a JSON array of events. Replies the actual version. */
const SCRIPT = `
local info = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local version = info[1] and tonumber(info[1][1]:match('^(%d+)-')) or 0
if version == tonumber(ARGV[1]) then
  for number, text in ipairs(cjson.decode(ARGV[3])) do
    local id = string.format('%.0f', version + number)
    redis.call('XADD', KEYS[2], '*', 'streamId', ARGV[2], 'version', id, 'event', text) -- first, because the log may not be a stream
    redis.call('XADD', KEYS[1], id .. '-0', 'event', text)
  end
end
return version`

export async function append(
  redis: Store,
  partitions: number,
  streamId: string,
  events: readonly DomainEvent[],
  expectedVersion: number,
): Promise<number> {
  const keys = keysOf(streamId, partitions)
  const batch = JSON.stringify(events.map((event) => encodeEvent(event)))
  const actual = Number(
    await redis.call('EVAL', SCRIPT, 2, keys.stream, keys.log, String(expectedVersion), streamId, batch),
  )
  if (actual !== expectedVersion) throw new VersionConflictError(streamId, expectedVersion, actual)
  return actual + events.length
}

/** Runs one transaction per page: that takes fewer round trips, but a page is repeated as a whole. */
export async function consume(
  redis: Store,
  partition: number,
  consumer: string,
  handle: Handle,
): Promise<number> {
  const prefix = `es:{p${partition}}`
  let total = 0
  for (;;) {
    const from = (await redis.get(`${prefix}:checkpoint:${consumer}`)) ?? '0'
    const reply = await redis.xread('COUNT', 50, 'STREAMS', `${prefix}:log`, from)
    const entries = reply?.[0]?.[1] ?? []
    if (entries.length === 0) return total
    const transaction = redis.multi()
    for (const [position, [, streamId = '', , version, , text = '']] of entries) {
      handle({ position, streamId, version: Number(version), event: decodeEvent(text) }, transaction)
    }
    transaction.set(`${prefix}:checkpoint:${consumer}`, entries.at(-1)?.[0] ?? from)
    const replies = await transaction.exec()
    const failed = replies?.find(([error]) => error !== null)
    if (failed?.[0]) throw failed[0]
    total += entries.length
  }
}

export async function installLibrary(cluster: Cluster, code: string): Promise<void> {
  for (const node of cluster.nodes('master')) await node.function('LOAD', 'REPLACE', code)
}
