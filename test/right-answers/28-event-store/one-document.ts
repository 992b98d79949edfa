import type { Cluster, Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

/** The version that the stream must be at: a number of 0 or more, or one of three words. */
export type Expected = 'any' | 'none' | 'exists' | number

export interface AppendOptions {
  readonly expected: Expected
  /** Made once by the caller, and the same for every attempt. */
  readonly commandId?: string
}

/** Where the last of the events is: its version in the stream, and its position in the log. */
export interface Appended {
  readonly version: number
  readonly position: string
}

export interface StoredEvent {
  readonly stream: string
  readonly version: number
  readonly event: DomainEvent
}

export interface LoggedEvent extends StoredEvent {
  readonly position: string
}

/** By event type: the first upcaster converts a payload from schema version 1 to 2, the second from 2 to 3, and so on. */
export type Upcasters = Readonly<Record<string, readonly ((payload: Payload) => Payload)[]>>

export interface StoreOptions {
  /** All keys of one partition are in the same hash slot. */
  readonly partition: string
  readonly upcasters?: Upcasters
}

export interface SubscribeOptions {
  /** The position of the last event that was handled. By default, a subscription starts at the beginning. */
  readonly after?: string
  readonly signal: AbortSignal
}

/** Raise `version` by hand whenever `evolve` or the shape of the state changes. */
export interface Model<State> {
  readonly name: string
  readonly version: number
  readonly initial: State
  readonly evolve: (state: State, event: DomainEvent) => State
}

/** A state, and the version of the last event in it. */
export interface Loaded<State> {
  readonly state: State
  readonly version: number
}

/** The stream isn't at the expected version: read it and decide again. */
export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError'
  readonly stream: string
  readonly expected: Expected
  readonly actual: number

  constructor(stream: string, expected: Expected, actual: number) {
    super(`Stream ${stream} is at version ${actual}, but ${expected} was expected`)
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}

export class InvalidAppendError extends Error {
  override readonly name = 'InvalidAppendError'
  readonly field: 'stream' | 'events' | 'expected' | 'commandId'

  constructor(field: InvalidAppendError['field'], problem: string) {
    super(`Invalid append: ${field} ${problem}`)
    this.field = field
  }
}

/** Thrown for an event that was written by a newer program than this one. */
export class UnknownSchemaError extends Error {
  override readonly name = 'UnknownSchemaError'
  readonly eventType: string
  readonly schemaVersion: number

  constructor(eventType: string, schemaVersion: number) {
    super(`This program can't read ${eventType} of schema version ${schemaVersion}`)
    this.eventType = eventType
    this.schemaVersion = schemaVersion
  }
}

const SCRIPT = `
local a = cjson.decode(ARGV[1])
local known = a.command and redis.call('HMGET', KEYS[3], a.command .. '/v', a.command .. '/p')
if known and known[1] then return { known[1], known[2] } end
if redis.call('TYPE', KEYS[2]).ok ~= 'none' then redis.call('XINFO', 'STREAM', KEYS[2]) end
local info = redis.call('TYPE', KEYS[1]).ok == 'none' and {} or redis.call('XINFO', 'STREAM', KEYS[1])
local at = 0
for i, name in ipairs(info) do
  if name == 'last-generated-id' then at = tonumber((string.gsub(info[i + 1], '%-.*', ''))) end
end
if at < a.least or (a.most and at > a.most) then return at end
local position
for i, text in ipairs(a.events) do
  at = at + 1
  local n = string.format('%.0f', at)
  position = redis.call('XADD', KEYS[2], '*', 'stream', a.stream, 'version', n, 'schemaVersion', a.schema[i], 'event', text)
  redis.call('XADD', KEYS[1], n .. '-0', 'schemaVersion', a.schema[i], 'event', text)
end
local n = string.format('%.0f', at)
if a.command then redis.call('HSET', KEYS[3], a.command .. '/v', n, a.command .. '/p', position) end
return { n, position }`

const NEWER_STAYS = `
local m = tonumber(redis.call('HGET', KEYS[1], 'modelVersion') or '') or 0
local v = tonumber(redis.call('HGET', KEYS[1], 'version') or '') or 0
local mine, version = tonumber(ARGV[1]), tonumber(ARGV[2])
if m > mine or (m == mine and v > version) then return 'kept' end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'modelVersion', ARGV[1], 'version', ARGV[2], 'state', ARGV[3])
return 'saved'`

/** Sends an append as one JSON document. A subscription catches up on the shared connection, and waits on another one. */
export class RedisEventStore {
  readonly append: (
    stream: string,
    events: readonly DomainEvent[],
    options: AppendOptions,
  ) => Promise<Appended>
  readonly read: (stream: string, after?: number) => AsyncGenerator<readonly StoredEvent[]>
  readonly subscribe: (
    handler: (event: LoggedEvent) => void | Promise<void>,
    options: SubscribeOptions,
  ) => Promise<void>

  private readonly redis: Redis | Cluster
  private readonly key: (name: string) => string

  constructor(redis: Redis | Cluster, { partition, upcasters = {} }: StoreOptions) {
    const key = (name: string) => `es:{${partition}}:${name}`
    this.redis = redis
    this.key = key
    const lifted = (schema: number, event: DomainEvent): DomainEvent => {
      const steps = upcasters[event.eventType] ?? []
      if (schema === steps.length + 1) return event
      const step = steps[schema - 1]
      if (step === undefined) throw new UnknownSchemaError(event.eventType, schema)
      return lifted(schema + 1, { ...event, payload: step(event.payload) })
    }
    const decode = (flat: string[]) => {
      const at = (name: string) => flat[flat.indexOf(name) + 1] ?? ''
      return lifted(Number(at('schemaVersion')), decodeEvent(at('event')))
    }

    this.append = async (stream, events, { expected, commandId }) => {
      if (typeof stream !== 'string' || stream.length === 0)
        throw new InvalidAppendError('stream', 'is missing')
      if (events.length === 0) throw new InvalidAppendError('events', 'are missing')
      if (commandId === '') throw new InvalidAppendError('commandId', 'is empty')
      const [least, most] = boundsOf(expected)
      const schema = events.map(({ eventType }) => String((upcasters[eventType] ?? []).length + 1))
      const document = { stream, least, most, command: commandId, schema, events: events.map(encodeEvent) }
      const keys = [key(`stream:${stream}`), key('log'), key('answers')]
      const reply = (await redis.eval(SCRIPT, 3, ...keys, JSON.stringify(document))) as
        | number
        | [string, string]
      if (typeof reply === 'number') throw new ConcurrencyError(stream, expected, reply)
      return { version: Number(reply[0]), position: reply[1] }
    }

    this.read = async function* (stream, after = 0) {
      for (let from = `(${after}-0`; ; ) {
        const page = await redis.xrange(key(`stream:${stream}`), from, '+', 'COUNT', 1_000)
        if (page.length > 0) {
          yield page.map(([id, flat]) => ({ stream, version: Number(id.split('-')[0]), event: decode(flat) }))
        }
        if (page.length < 1_000) return
        from = `(${page.at(-1)?.[0]}`
      }
    }

    this.subscribe = async (handler, { after = '0-0', signal }) => {
      let position = after
      const handle = async (entries: readonly [string, string[]][]) => {
        for (const [id, flat] of entries) {
          if (signal.aborted) return
          await handler({
            position: id,
            stream: flat[1] ?? '',
            version: Number(flat[3]),
            event: decode(flat.slice(4)),
          })
          position = id
        }
      }
      for (let more = !signal.aborted; more && !signal.aborted; ) {
        const page = await redis.xrange(key('log'), `(${position}`, '+', 'COUNT', 250)
        await handle(page)
        more = page.length === 250
      }
      if (signal.aborted) return
      const waiting = redis.duplicate()
      waiting.on('error', () => {})
      const stop = () => waiting.disconnect()
      signal.addEventListener('abort', stop)
      try {
        while (!signal.aborted) {
          const reply = await waiting
            .xread('COUNT', 250, 'BLOCK', 0, 'STREAMS', key('log'), position)
            .catch((error: unknown) => {
              if (signal.aborted) return null
              throw error
            })
          await handle(reply?.[0]?.[1] ?? [])
        }
      } finally {
        signal.removeEventListener('abort', stop)
        waiting.disconnect()
      }
    }
  }

  async load<State>(stream: string, model: Model<State>): Promise<Loaded<State>> {
    const snapshot = await this.redis.hgetall(this.key(`snapshot:${model.name}:${stream}`))
    let { state, version } = usable(snapshot, model) ?? { state: model.initial, version: 0 }
    for await (const page of this.read(stream, version)) {
      state = page.reduce((before, { event }) => model.evolve(before, event), state)
      version = page.at(-1)?.version ?? version
    }
    return { state, version }
  }

  async saveSnapshot<State>(stream: string, model: Model<State>, { state, version }: Loaded<State>) {
    const key = this.key(`snapshot:${model.name}:${stream}`)
    return (
      (await this.redis.eval(NEWER_STAYS, 1, key, model.version, version, JSON.stringify(state))) === 'saved'
    )
  }
}

function boundsOf(expected: Expected): readonly [least: number, most?: number] {
  if (expected === 'any') return [0]
  if (expected === 'exists') return [1]
  if (expected === 'none') return [0, 0]
  if (Number.isSafeInteger(expected) && expected >= 0) return [expected, expected]
  throw new InvalidAppendError('expected', `can't be ${String(expected)}`)
}

function usable<State>(hash: Record<string, string>, model: Model<State>): Loaded<State> | undefined {
  const version = Number(hash.version || Number.NaN)
  if (hash.modelVersion !== `${model.version}` || Number.isNaN(version)) return undefined
  try {
    return { state: JSON.parse(hash.state ?? ''), version }
  } catch {
    return undefined
  }
}
