// task: appendEvent
// diagnosis: what the store remembers is out of date
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export interface StoredEvent {
  readonly version: number
  readonly event: DomainEvent
}

export type Decide = (
  history: readonly StoredEvent[],
) => readonly DomainEvent[] | Promise<readonly DomainEvent[]>

export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError'
  readonly expectedVersion: number
  readonly actualVersion: number
  constructor(key: string, expectedVersion: number, actualVersion: number) {
    super(`${key}: expected version ${expectedVersion}, found ${actualVersion}`)
    this.expectedVersion = expectedVersion
    this.actualVersion = actualVersion
  }
}

export class InvalidVersionError extends Error {
  override readonly name = 'InvalidVersionError'
  readonly version: unknown
  constructor(version: unknown) {
    super(`not a version: ${String(version)}`)
    this.version = version
  }
}

import { createHash } from 'node:crypto'

const SCRIPT = `
if #ARGV < 2 then return redis.error_reply('ERR no events') end
local reply = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local at = reply[1] and reply[1][1] or '0-0'
local dash = string.find(at, '-', 1, true)
local v = tonumber(string.sub(at, 1, dash - 1))
local expected = tonumber(ARGV[1])
if v ~= expected then return tostring(v) end
for i = 2, #ARGV do redis.call('XADD', KEYS[1], tostring(expected + i - 1) .. '-0', 'event', ARGV[i]) end
return redis.status_reply('OK')
`
const SHA = createHash('sha1').update(SCRIPT).digest('hex')

export class AggregateEventStore {
  #redis
  #known = new Map<string, number>()
  constructor(redis: Redis) {
    this.#redis = redis
  }
  async appendEvent(t: string, id: string, event: DomainEvent, expectedVersion: number): Promise<number> {
    check(expectedVersion)
    const text = encodeEvent(event)
    const key = `aggregate:${t}:${id}`
    const before = this.#known.get(key) ?? (await this.getVersion(t, id))
    if (before !== expectedVersion) throw new ConcurrencyError(key, expectedVersion, before)
    try {
      await this.#redis.xadd(key, `${expectedVersion + 1}-0`, 'event', text)
    } catch (error) {
      if (!(error as Error).message.includes('equal or smaller')) throw error
      throw new ConcurrencyError(key, expectedVersion, await this.getVersion(t, id))
    }
    this.#known.set(key, expectedVersion + 1)
    return expectedVersion + 1
  }
  async appendEvents(
    t: string,
    id: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    check(expectedVersion)
    const key = `aggregate:${t}:${id}`
    const args = [key, String(expectedVersion), ...events.map((e) => encodeEvent(e))]
    let reply: unknown
    try {
      reply = await this.#redis.call('EVALSHA', SHA, '1', ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      reply = await this.#redis.call('EVAL', SCRIPT, '1', ...args)
    }
    if (reply !== 'OK') throw new ConcurrencyError(key, expectedVersion, Number(reply))
    return expectedVersion + events.length
  }
  async getEvents(t: string, id: string, afterVersion = 0): Promise<StoredEvent[]> {
    const key = `aggregate:${t}:${id}`
    const read = async (from: string): Promise<StoredEvent[]> => {
      const page = (await this.#redis.call('XRANGE', key, from, '+', 'COUNT', '501')) as [string, string[]][]
      const events = page.map(([entry, fields]) => ({
        version: Number(/^\d+/.exec(entry)?.[0]),
        event: decodeEvent(fields[fields.indexOf('event') + 1] ?? ''),
      }))
      const last = page.at(-1)?.[0]
      return last === undefined || page.length < 501 ? events : events.concat(await read(`(${last}`))
    }
    return read(`(${afterVersion}-0`)
  }
  async getVersion(t: string, id: string): Promise<number> {
    const reply = (await this.#redis.call('XREVRANGE', `aggregate:${t}:${id}`, '+', '-', 'COUNT', '1')) as [
      string,
    ][]
    return Number((reply[0]?.[0] ?? '0-0').replace(/-\d+$/, ''))
  }
}

function check(version: number) {
  if (typeof version === 'number' && version % 1 === 0 && version >= 0 && version <= Number.MAX_SAFE_INTEGER)
    return
  throw new InvalidVersionError(version)
}

export async function decideAndAppend(
  store: AggregateEventStore,
  aggregateType: string,
  aggregateId: string,
  decide: Decide,
  attempts = 5,
): Promise<number> {
  const tries = Math.max(1, attempts)
  let conflict: ConcurrencyError | undefined
  for (let i = 0; i < tries; i++) {
    const history = await store.getEvents(aggregateType, aggregateId)
    const version = history.reduce((max, { version }) => Math.max(max, version), 0)
    const events = [...(await decide(history))]
    if (events.length === 0) return version
    try {
      const [only] = events
      return events.length === 1 && only
        ? await store.appendEvent(aggregateType, aggregateId, only, version)
        : await store.appendEvents(aggregateType, aggregateId, events, version)
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error
      conflict = error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
    }
  }
  throw conflict
}
