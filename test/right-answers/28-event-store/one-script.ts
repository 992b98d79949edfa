import { createHash } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

export type Expected = 'any' | 'none' | 'exists' | number

export interface AppendOptions {
  readonly expected: Expected
  readonly commandId?: string
}

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

export type Upcasters = Readonly<Record<string, readonly ((payload: Payload) => Payload)[]>>

export interface StoreOptions {
  readonly partition: string
  readonly upcasters?: Upcasters
}

export interface SubscribeOptions {
  readonly after?: string
  readonly signal: AbortSignal
}

export interface Model<State> {
  readonly name: string
  readonly version: number
  readonly initial: State
  readonly evolve: (state: State, event: DomainEvent) => State
}

export interface Loaded<State> {
  readonly state: State
  readonly version: number
}

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

const PAGE_SIZE = 500
const BLOCK_MS = 5_000

const APPEND = script(`
if KEYS[3] then
  local answer = redis.call('GET', KEYS[3])
  if answer then return {'appended', answer} end
end
redis.call('XLEN', KEYS[2])
local version = 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then version = tonumber(string.match(info[i + 1], '^%d+')) end
  end
end
local expected = ARGV[1]
local met = expected == 'any' or (expected == 'none' and version == 0)
  or (expected == 'exists' and version > 0) or tonumber(expected) == version
if not met then return {'conflict', version} end

local text, position
for i = 3, #ARGV, 2 do
  version = version + 1
  text = string.format('%.0f', version) -- without a format, Lua would write 1e+14
  redis.call('XADD', KEYS[1], text .. '-0', 'schemaVersion', ARGV[i], 'event', ARGV[i + 1])
  position = redis.call('XADD', KEYS[2], '*', 'stream', ARGV[2], 'version', text,
    'schemaVersion', ARGV[i], 'event', ARGV[i + 1])
end
local answer = text .. ' ' .. position
if KEYS[3] then redis.call('SET', KEYS[3], answer) end
return {'appended', answer}
`)

const SAVE_SNAPSHOT = script(`
local stored = redis.call('HMGET', KEYS[1], 'modelVersion', 'version')
local model, version = tonumber(stored[1] or ''), tonumber(stored[2] or '')
if model and model > tonumber(ARGV[1]) then return 0 end
if model == tonumber(ARGV[1]) and version and version > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'modelVersion', ARGV[1], 'version', ARGV[2], 'state', ARGV[3])
return 1
`)

export class RedisEventStore {
  readonly #redis: Redis | Cluster
  readonly #upcasters: Upcasters
  readonly #prefix: string
  readonly #log: string

  constructor(redis: Redis | Cluster, { partition, upcasters = {} }: StoreOptions) {
    this.#redis = redis
    this.#upcasters = upcasters
    // The first braces of a key are its hash tag, so any characters may follow them.
    this.#prefix = `es:{${partition}}`
    this.#log = `${this.#prefix}:log`
  }

  async append(stream: string, events: readonly DomainEvent[], options: AppendOptions): Promise<Appended> {
    const { expected, commandId } = options
    validate(stream, events, options)
    const keys = [this.#streamKey(stream), this.#log]
    if (commandId !== undefined) keys.push(`${this.#prefix}:command:${commandId}`)
    const args = [String(expected), stream]
    for (const event of events) args.push(this.#schemaVersion(event.eventType), encodeEvent(event))
    const [kind, value] = (await this.#run(APPEND, keys, args)) as ['appended', string] | ['conflict', number]
    switch (kind) {
      case 'conflict':
        throw new ConcurrencyError(stream, expected, value)
      case 'appended': {
        const [version = '', position = ''] = value.split(' ')
        return { version: Number(version), position }
      }
    }
  }

  async *read(stream: string, after = 0): AsyncGenerator<readonly StoredEvent[]> {
    let coming = this.#page(stream, `${after}-0`)
    try {
      for (;;) {
        const page = await coming
        const last = page.at(-1)
        if (last === undefined) return
        const more = page.length === PAGE_SIZE
        if (more) coming = this.#page(stream, last[0])
        yield page.map(([id, flat]) => {
          const { schemaVersion, event = '' } = fieldsOf(flat)
          return { stream, version: Number.parseInt(id, 10), event: this.#decode(event, schemaVersion) }
        })
        if (!more) return
      }
    } finally {
      await coming.catch(() => {}) // a caller that stops early leaves no command unanswered
    }
  }

  async subscribe(
    handler: (event: LoggedEvent) => void | Promise<void>,
    { after = '0-0', signal }: SubscribeOptions,
  ): Promise<void> {
    if (signal.aborted) return
    const reader = this.#redis.duplicate() // a waiting read blocks its whole connection
    reader.on('error', () => {}) // the command that failed reports it, too
    const stop = () => reader.disconnect()
    signal.addEventListener('abort', stop)
    try {
      let position = after
      while (!signal.aborted) {
        for (const [id, flat] of await this.#entriesAfter(reader, position, signal)) {
          if (signal.aborted) return
          const { stream = '', version, schemaVersion, event = '' } = fieldsOf(flat)
          const decoded = this.#decode(event, schemaVersion)
          await handler({ position: id, stream, version: Number(version), event: decoded })
          position = id
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      reader.disconnect()
    }
  }

  async load<State>(stream: string, model: Model<State>): Promise<Loaded<State>> {
    let { state, version } = (await this.#snapshot(stream, model)) ?? { state: model.initial, version: 0 }
    for await (const page of this.read(stream, version)) {
      for (const stored of page) {
        state = model.evolve(state, stored.event)
        version = stored.version
      }
    }
    return { state, version }
  }

  async saveSnapshot<State>(stream: string, model: Model<State>, loaded: Loaded<State>): Promise<boolean> {
    const args = [String(model.version), String(loaded.version), JSON.stringify(loaded.state)]
    return (await this.#run(SAVE_SNAPSHOT, [this.#snapshotKey(stream, model.name)], args)) === 1
  }

  async #snapshot<State>(stream: string, model: Model<State>): Promise<Loaded<State> | null> {
    const key = this.#snapshotKey(stream, model.name)
    const [modelVersion, version, state] = await this.#redis.hmget(key, 'modelVersion', 'version', 'state')
    if (modelVersion !== String(model.version) || !/^\d+$/.test(version ?? '')) return null
    try {
      return { state: JSON.parse(state ?? '') as State, version: Number(version) }
    } catch {
      return null // replaying the events gives the same state, only slower
    }
  }

  async #entriesAfter(reader: Redis | Cluster, position: string, signal: AbortSignal) {
    try {
      const reply = await reader.xread(
        ...(['COUNT', PAGE_SIZE, 'BLOCK', BLOCK_MS, 'STREAMS', this.#log, position] as const),
      )
      return reply?.[0]?.[1] ?? []
    } catch (error) {
      if (signal.aborted) return [] // the signal closed the connection
      throw error
    }
  }

  #page(stream: string, afterId: string): Promise<[id: string, flat: string[]][]> {
    const page = this.#redis.xrange(this.#streamKey(stream), `(${afterId}`, '+', 'COUNT', PAGE_SIZE)
    page.catch(() => {}) // handled where the page is awaited, which may be later
    return page
  }

  #decode(text: string, schemaVersion = '1'): DomainEvent {
    const event = decodeEvent(text)
    const upcasters = this.#upcasters[event.eventType] ?? []
    const version = Number(schemaVersion)
    if (version > upcasters.length + 1) throw new UnknownSchemaError(event.eventType, version)
    const missing = upcasters.slice(version - 1)
    if (missing.length === 0) return event
    return { ...event, payload: missing.reduce((payload, lift) => lift(payload), event.payload) }
  }

  #schemaVersion(eventType: string): string {
    return String((this.#upcasters[eventType]?.length ?? 0) + 1)
  }

  #streamKey(stream: string): string {
    return `${this.#prefix}:stream:${stream}`
  }

  #snapshotKey(stream: string, model: string): string {
    return `${this.#prefix}:snapshot:${model}:${stream}`
  }

  async #run({ sha, lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await this.#redis.evalsha(sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await this.#redis.eval(lua, keys.length, ...keys, ...args)
    }
  }
}

interface Script {
  readonly lua: string
  readonly sha: string
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

function validate(stream: string, events: readonly DomainEvent[], options: AppendOptions): void {
  const { expected, commandId } = options
  if (typeof stream !== 'string' || stream === '')
    throw new InvalidAppendError('stream', 'is empty or not a string')
  if (events.length === 0) throw new InvalidAppendError('events', 'are missing')
  const isVersion = Number.isSafeInteger(expected) && Number(expected) >= 0
  if (!isVersion && expected !== 'any' && expected !== 'none' && expected !== 'exists') {
    throw new InvalidAppendError('expected', `is ${String(expected)}`)
  }
  if (commandId === '') throw new InvalidAppendError('commandId', 'is empty')
}

function fieldsOf(flat: readonly string[]): Readonly<Record<string, string | undefined>> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}
