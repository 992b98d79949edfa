import { createHash } from 'node:crypto'
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

/** Maximum number of entries per command. Small, so that other clients hardly wait and a long history takes little memory. */
const PAGE_SIZE = 500
/** Maximum time that a read waits before it's repeated, in milliseconds. A new event ends the wait at once. */
const BLOCK_MS = 5_000

/**
 * KEYS  1 the stream · 2 the log · 3 the command's result, if there is a command ID
 * ARGV  1 expected · 2 the stream's name · then the schema version and the JSON of each event
 * Replies '<version> <position>', or a number if the stream isn't at the expected version: the version it is at.
 *
 * Everything that can fail comes before the first XADD, because a script doesn't roll back. XLEN is there to fail if the
 * log's key isn't a stream.
 */
const APPEND = script(`
if KEYS[3] then
  local answer = redis.call('GET', KEYS[3])
  if answer then return answer end
end
redis.call('XLEN', KEYS[2])
local version = 0
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      version = tonumber(string.match(info[i + 1], '^%d+'))
      break
    end
  end
end
local expected = ARGV[1]
local met = expected == 'any' or (expected == 'none' and version == 0)
  or (expected == 'exists' and version > 0) or tonumber(expected) == version
if not met then return version end

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
return answer
`)

/**
 * KEYS  1 the snapshot's hash
 * ARGV  1 the model's version · 2 the stream's version · 3 the state
 * Replies 1 if it was saved, or 0 if the stored one stays because it's from a newer model or has later events.
 */
const SAVE_SNAPSHOT = script(`
local stored = redis.call('HMGET', KEYS[1], 'modelVersion', 'version')
local model, version = tonumber(stored[1] or ''), tonumber(stored[2] or '')
if model and model > tonumber(ARGV[1]) then return 0 end
if model == tonumber(ARGV[1]) and version and version > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'modelVersion', ARGV[1], 'version', ARGV[2], 'state', ARGV[3])
return 1
`)

/**
 * Entries are read as bytes, because turning every ID, name, and value into a string would take most of a replay's time,
 * and most of them aren't used. Names and values alternate, as APPEND wrote them; an entry without an event isn't from it.
 */
type FieldsInStream = [name: Buffer, schemaVersion: Buffer, name?: Buffer, event?: Buffer]
type FieldsInLog = [name: Buffer, stream: Buffer, name: Buffer, version: Buffer, ...FieldsInStream]

const ZERO = 48 // the byte of the digit 0

/** Keeps streams, where each event is an entry with its version as the ID, and a log of all events in the order of writing. */
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

  /**
   * Appends all events or none. A repeated command gets its first result, and nothing is compared or written.
   * @throws ConcurrencyError, InvalidAppendError, or MalformedEventError, and writes nothing
   */
  async append(stream: string, events: readonly DomainEvent[], options: AppendOptions): Promise<Appended> {
    const { expected, commandId } = options
    validate(stream, events, options)
    const keys = [this.#streamKey(stream), this.#log]
    if (commandId !== undefined) keys.push(`${this.#prefix}:command:${commandId}`)
    const args = [String(expected), stream]
    for (const event of events) args.push(this.#schemaVersion(event.eventType), encodeEvent(event))
    const reply = (await this.#run(APPEND, keys, args)) as string | number
    if (typeof reply === 'number') throw new ConcurrencyError(stream, expected, reply)
    return { version: Number.parseInt(reply, 10), position: reply.slice(reply.indexOf(' ') + 1) }
  }

  /** Yields the events after a version, oldest first, in pages. While you use one page, the next is on its way. */
  async *read(stream: string, after = 0): AsyncGenerator<readonly StoredEvent[]> {
    let coming = this.#page(stream, `${after}-0`)
    try {
      for (;;) {
        const page = await coming
        const last = page.at(-1)
        if (last === undefined) return
        const more = page.length === PAGE_SIZE
        if (more) coming = this.#page(stream, last[0])
        yield page.map(([id, fields]) => {
          return { stream, version: leadingNumber(id), event: this.#decode(fields[1], fields[3]) }
        })
        if (!more) return
      }
    } finally {
      await coming.catch(() => {}) // a caller that stops early leaves no command unanswered
    }
  }

  /**
   * Passes each event of the log to the handler, one at a time: first the old ones, then each as it's written. Resolves when
   * the signal aborts, and rejects with what the handler throws.
   */
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
      let position: string | Buffer = after
      while (!signal.aborted) {
        for (const [id, fields] of await this.#entriesAfter(reader, position, signal)) {
          if (signal.aborted) return
          const event = this.#decode(fields[5], fields[7])
          const [stream, version] = [fields[1].toString(), leadingNumber(fields[3])]
          await handler({ position: id.toString(), stream, version, event })
          position = id
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      reader.disconnect()
    }
  }

  /** Returns the current state, from the snapshot and the events after it, or from all events if there's no usable snapshot. */
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

  /** Saves a loaded state. Resolves to false if the stored one stays because it's ahead. */
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
      return null // replaying the events produces the same state, only more slowly
    }
  }

  async #entriesAfter(reader: Redis | Cluster, position: string | Buffer, signal: AbortSignal) {
    try {
      const reply = await reader.xreadBuffer(
        ...(['COUNT', PAGE_SIZE, 'BLOCK', BLOCK_MS, 'STREAMS', this.#log, position] as const),
      )
      return (reply?.[0]?.[1] ?? []) as [id: Buffer, fields: FieldsInLog][]
    } catch (error) {
      if (signal.aborted) return [] // the signal closed the connection
      throw error
    }
  }

  #page(stream: string, afterId: string | Buffer) {
    const page = this.#redis.xrangeBuffer(this.#streamKey(stream), `(${afterId}`, '+', 'COUNT', PAGE_SIZE)
    page.catch(() => {}) // handled where the page is awaited, which may be later
    return page as Promise<[id: Buffer, fields: FieldsInStream][]>
  }

  #decode(schemaVersion: Buffer, text: Buffer | undefined): DomainEvent {
    const event = decodeEvent(text?.toString() ?? '')
    const upcasters = this.#upcasters[event.eventType]
    const version = leadingNumber(schemaVersion)
    const known = 1 + (upcasters?.length ?? 0)
    if (version > known) throw new UnknownSchemaError(event.eventType, version)
    if (version === known || upcasters === undefined) return event
    const missing = upcasters.slice(version - 1)
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

  /** Runs a script by its hash, and sends its source only if the server doesn't have it yet: once per node. */
  #run({ sha, lua }: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#redis.evalsha(sha, keys.length, ...keys, ...args).catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return this.#redis.eval(lua, keys.length, ...keys, ...args)
    })
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

/** Reads the number that a string begins with, as in `17-0`, from its bytes. */
function leadingNumber(text: Buffer): number {
  let number = 0
  for (let i = 0; i < text.length; i += 1) {
    const digit = (text[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) break
    number = number * 10 + digit
  }
  return number
}
