import { createHash } from 'node:crypto'
import type { ChainableCommander, Cluster, Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export type Store = Redis | Cluster

export interface StreamKeys {
  readonly partition: number
  readonly stream: string
  readonly log: string
}

export interface LoggedEvent {
  readonly position: string
  readonly streamId: string
  readonly version: number
  readonly event: DomainEvent
}

export type Handle = (logged: LoggedEvent, effects: ChainableCommander) => void

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

const SCRIPT = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = last and tonumber(string.match(last[1], '^(%d+)-')) or 0
if version ~= tonumber(ARGV[1]) then return {0, version} end
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= 'stream' and kind ~= 'none' then return redis.error_reply('WRONGTYPE ' .. KEYS[2] .. ' is a ' .. kind) end
for i = 3, #ARGV do
  version = version + 1
  local text = string.format('%d', version)
  redis.call('XADD', KEYS[1], text .. '-0', 'event', ARGV[i])
  redis.call('XADD', KEYS[2], '*', 'streamId', ARGV[2], 'version', text, 'event', ARGV[i])
end
return {1, version}`

export function partitionOf(streamId: string, partitions: number): number {
  return createHash('sha256').update(streamId, 'utf8').digest().readUInt32BE(0) % partitions
}

export function keysOf(streamId: string, partitions: number): StreamKeys {
  const partition = partitionOf(streamId, partitions)
  const tag = `es:{p${partition}}`
  return { partition, stream: `${tag}:stream:${streamId}`, log: `${tag}:log` }
}

export async function append(
  redis: Store,
  partitions: number,
  streamId: string,
  events: readonly DomainEvent[],
  expectedVersion: number,
): Promise<number> {
  const { stream, log } = keysOf(streamId, partitions)
  const texts = events.map(encodeEvent)
  const reply = await redis.eval(SCRIPT, 2, stream, log, expectedVersion, streamId, ...texts)
  const [written, version] = reply as [number, number]
  if (written === 0) throw new VersionConflictError(streamId, expectedVersion, version)
  return version
}

export async function consume(
  redis: Store,
  partition: number,
  consumer: string,
  handle: Handle,
): Promise<number> {
  const log = `es:{p${partition}}:log`
  const checkpoint = `es:{p${partition}}:checkpoint:${consumer}`
  let position = (await redis.get(checkpoint)) ?? '0-0'
  let handled = 0
  for (;;) {
    const page = await redis.xrange(log, `(${position}`, '+', 'COUNT', 100)
    for (const [id, flat] of page) {
      const transaction = redis.multi()
      handle(loggedEvent(id, flat), transaction)
      transaction.set(checkpoint, id)
      const replies = await transaction.exec()
      for (const [error] of replies ?? []) if (error) throw error
      position = id
      handled += 1
    }
    if (page.length < 100) return handled
  }
}

function loggedEvent(position: string, flat: readonly string[]): LoggedEvent {
  const [, streamId = '', , version, , text = ''] = flat
  return { position, streamId, version: Number(version), event: decodeEvent(text) }
}

export async function installLibrary(cluster: Cluster, code: string): Promise<void> {
  await Promise.all(cluster.nodes('master').map((node) => node.call('FUNCTION', 'LOAD', 'REPLACE', code)))
}
