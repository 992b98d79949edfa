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

const PAGE = 400

const APPEND = `
local known = KEYS[3] and redis.call('GET', KEYS[3])
if known then
  local version, position = string.match(known, '^(%d+) (.+)$')
  return {1, version, position}
end

local version = 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      version = tonumber(string.match(info[i + 1], '^%d+'))
    end
  end
end

local expected = ARGV[1]
local met
if expected == 'any' then
  met = true
elseif expected == 'none' then
  met = version == 0
elseif expected == 'exists' then
  met = version > 0
else
  met = version == tonumber(expected)
end
if not met then return {0, string.format('%.0f', version)} end

redis.call('XLEN', KEYS[2])
local position
for i = 3, #ARGV, 2 do
  version = version + 1
  local text = string.format('%.0f', version)
  redis.call('XADD', KEYS[1], text .. '-0', 'schemaVersion', ARGV[i], 'event', ARGV[i + 1])
  position = redis.call('XADD', KEYS[2], '*', 'stream', ARGV[2], 'version', text, 'schemaVersion', ARGV[i], 'event', ARGV[i + 1])
end
local text = string.format('%.0f', version)
if KEYS[3] then redis.call('SET', KEYS[3], text .. ' ' .. position) end
return {1, text, position}
`

const SAVE = `
local there = redis.call('HMGET', KEYS[1], 'modelVersion', 'version')
local model, version = tonumber(there[1] or ''), tonumber(there[2] or '')
if model and version then
  local mine = tonumber(ARGV[1])
  if model > mine then return 0 end
  if model == mine and version > tonumber(ARGV[2]) then return 0 end
end
redis.call('HSET', KEYS[1], 'modelVersion', ARGV[1], 'version', ARGV[2], 'state', ARGV[3])
return 1
`

export class RedisEventStore {
  readonly #redis: Redis | Cluster
  readonly #prefix: string
  readonly #upcasters: Upcasters

  constructor(redis: Redis | Cluster, options: StoreOptions) {
    this.#redis = redis
    this.#prefix = `es:{${options.partition}}`
    this.#upcasters = options.upcasters ?? {}
  }

  async append(stream: string, events: readonly DomainEvent[], options: AppendOptions): Promise<Appended> {
    const { expected, commandId } = options
    if (typeof stream !== 'string' || stream === '') throw new InvalidAppendError('stream', 'is empty')
    if (events.length === 0) throw new InvalidAppendError('events', 'are missing')
    if (!isExpected(expected)) throw new InvalidAppendError('expected', `is ${String(expected)}`)
    if (commandId === '') throw new InvalidAppendError('commandId', 'is empty')

    const keys = [this.#streamKey(stream), `${this.#prefix}:log`]
    if (commandId !== undefined) keys.push(`${this.#prefix}:command:${commandId}`)
    const args = [String(expected), stream]
    for (const event of events) {
      args.push(String(1 + this.#stepsOf(event.eventType).length), encodeEvent(event))
    }
    const reply = (await this.#redis.eval(APPEND, keys.length, ...keys, ...args)) as [number, string, string]
    const [written, version, position] = reply
    if (written === 0) throw new ConcurrencyError(stream, expected, Number(version))
    return { version: Number(version), position }
  }

  async *read(stream: string, after = 0): AsyncGenerator<readonly StoredEvent[]> {
    let last = after
    while (true) {
      const entries = await this.#redis.xrange(this.#streamKey(stream), `(${last}-0`, '+', 'COUNT', PAGE)
      if (entries.length === 0) return
      const page: StoredEvent[] = []
      for (const [id, flat] of entries) {
        last = Number.parseInt(id, 10)
        page.push({ stream, version: last, event: this.#decode(toObject(flat)) })
      }
      yield page
    }
  }

  async subscribe(
    handler: (event: LoggedEvent) => void | Promise<void>,
    { after, signal }: SubscribeOptions,
  ): Promise<void> {
    if (signal.aborted) return
    const reader = this.#redis.duplicate()
    const stop = () => reader.disconnect()
    signal.addEventListener('abort', stop)
    try {
      let position = after ?? '0'
      while (!signal.aborted) {
        const reply = await reader
          .xread('COUNT', 200, 'BLOCK', 0, 'STREAMS', `${this.#prefix}:log`, position)
          .catch((error: unknown) => {
            if (signal.aborted) return null
            throw error
          })
        for (const [id, flat] of reply?.[0]?.[1] ?? []) {
          if (signal.aborted) return
          const fields = toObject(flat)
          await handler({
            stream: fields.stream ?? '',
            version: Number(fields.version),
            event: this.#decode(fields),
            position: id,
          })
          position = id
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      reader.disconnect()
    }
  }

  async load<State>(stream: string, model: Model<State>): Promise<Loaded<State>> {
    const snapshot = await this.#snapshot(stream, model)
    let { state, version } = snapshot ?? { state: model.initial, version: 0 }
    for await (const page of this.read(stream, version)) {
      for (const stored of page) {
        state = model.evolve(state, stored.event)
        version = stored.version
      }
    }
    return { state, version }
  }

  async saveSnapshot<State>(stream: string, model: Model<State>, loaded: Loaded<State>): Promise<boolean> {
    const key = this.#snapshotKey(stream, model.name)
    const saved = await this.#redis.eval(
      SAVE,
      1,
      key,
      model.version,
      loaded.version,
      JSON.stringify(loaded.state),
    )
    return saved === 1
  }

  async #snapshot<State>(stream: string, model: Model<State>): Promise<Loaded<State> | null> {
    const [modelVersion, version, state] = await this.#redis.hmget(
      this.#snapshotKey(stream, model.name),
      'modelVersion',
      'version',
      'state',
    )
    if (modelVersion !== String(model.version) || !/^\d+$/.test(version ?? '')) return null
    try {
      return { state: JSON.parse(state ?? '') as State, version: Number(version) }
    } catch {
      return null
    }
  }

  #decode(fields: Record<string, string>): DomainEvent {
    const event = decodeEvent(fields.event ?? '')
    const schemaVersion = Number(fields.schemaVersion)
    const steps = this.#stepsOf(event.eventType)
    if (schemaVersion > steps.length + 1) throw new UnknownSchemaError(event.eventType, schemaVersion)
    let { payload } = event
    for (const step of steps.slice(schemaVersion - 1)) payload = step(payload)
    return { ...event, payload }
  }

  #stepsOf(eventType: string) {
    return this.#upcasters[eventType] ?? []
  }

  #streamKey(stream: string) {
    return `${this.#prefix}:stream:${stream}`
  }

  #snapshotKey(stream: string, model: string) {
    return `${this.#prefix}:snapshot:${model}:${stream}`
  }
}

function isExpected(expected: unknown): expected is Expected {
  if (typeof expected === 'number') return Number.isSafeInteger(expected) && expected >= 0
  return expected === 'any' || expected === 'none' || expected === 'exists'
}

function toObject(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string
  return fields
}
