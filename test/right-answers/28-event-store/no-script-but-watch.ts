import type { ChainableCommander, Cluster, Redis } from 'ioredis'
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

type Entry = readonly [id: string, flat: readonly string[]]

/** Uses no script, but WATCH on a connection of its own: what it reads decides what it sends in MULTI. */
export class RedisEventStore {
  private readonly redis: Redis
  private readonly prefix: string
  private readonly upcasters: Upcasters

  constructor(redis: Redis | Cluster, options: StoreOptions) {
    this.redis = redis as Redis
    this.prefix = `es:{${options.partition}}:`
    this.upcasters = options.upcasters ?? {}
  }

  async append(stream: string, events: readonly DomainEvent[], options: AppendOptions): Promise<Appended> {
    const { expected, commandId } = options
    if (!stream || typeof stream !== 'string') throw new InvalidAppendError('stream', 'has to have a name')
    if (events.length < 1) throw new InvalidAppendError('events', 'has to have at least one')
    const words: readonly unknown[] = ['any', 'none', 'exists']
    if (!words.includes(expected) && !(Number.isInteger(expected) && Number(expected) >= 0)) {
      throw new InvalidAppendError('expected', "isn't a version")
    }
    if (commandId === '') throw new InvalidAppendError('commandId', 'has to be left out or not be empty')
    const entries = events.map((event) => {
      const lifts = this.upcasters[event.eventType] ?? []
      return ['schemaVersion', String(lifts.length + 1), 'event', encodeEvent(event)]
    })
    for (let tries = 1; ; tries += 1) {
      // No automatic resending, because a transaction would be sent again without its WATCH.
      const own = this.redis.duplicate({ retryStrategy: () => null })
      own.on('error', () => {})
      try {
        for (;;) {
          const answer = await this.tryAppend(own, stream, entries, expected, commandId)
          if (answer !== null) return answer
        }
      } catch (error) {
        const connection = error instanceof Error && /closed|ECONN/i.test(error.message)
        if (!connection || commandId === undefined || tries === 10) throw error
      } finally {
        own.disconnect()
      }
    }
  }

  private async tryAppend(
    own: Redis,
    stream: string,
    entries: readonly (readonly string[])[],
    expected: Expected,
    commandId: string | undefined,
  ): Promise<Appended | null> {
    const key = `${this.prefix}stream:${stream}`
    const log = `${this.prefix}log`
    const answers = `${this.prefix}commands`
    await own.watch(key, log, answers)
    const known = commandId === undefined ? null : await own.hget(answers, commandId)
    if (known !== null) return JSON.parse(known) as Appended
    let version = await lastMs(own, key)
    let time = await lastMs(own, log)
    const met =
      expected === 'any' ||
      (expected === 'exists' ? version > 0 : version === (expected === 'none' ? 0 : expected))
    if (!met) {
      // The two reads only match if no other client wrote in between.
      if ((await own.multi().ping().exec()) === null) return null
      throw new ConcurrencyError(stream, expected, version)
    }
    const multi = own.multi()
    for (const fields of entries) {
      version += 1
      time += 1
      multi.xadd(key, `${version}-0`, ...fields)
      multi.xadd(log, `${time}-0`, 'stream', stream, 'version', version, ...fields)
    }
    const answer = { version, position: `${time}-0` }
    if (commandId !== undefined) multi.hset(answers, commandId, JSON.stringify(answer))
    return (await succeeds(multi)) ? answer : null
  }

  async *read(stream: string, after = 0): AsyncGenerator<readonly StoredEvent[]> {
    let last = after
    for (;;) {
      const page = await this.redis.xrange(
        `${this.prefix}stream:${stream}`,
        `${last + 1}-0`,
        '+',
        'COUNT',
        300,
      )
      if (page.length === 0) return
      const events = page.map((entry) => {
        const { version, event } = this.decode(entry)
        return { stream, version, event }
      })
      last = events.at(-1)?.version ?? last
      yield events
    }
  }

  async subscribe(
    handler: (event: LoggedEvent) => void | Promise<void>,
    { after = '0', signal }: SubscribeOptions,
  ): Promise<void> {
    const reader = this.redis.duplicate()
    reader.on('error', () => {})
    let stop = () => {}
    const aborted = new Promise<null>((resolve) => {
      stop = () => resolve(null)
    })
    signal.addEventListener('abort', stop)
    try {
      for (let position = after; !signal.aborted; ) {
        const reading = reader.xread('COUNT', 50, 'BLOCK', 1_000, 'STREAMS', `${this.prefix}log`, position)
        reading.catch(() => {})
        const reply = await Promise.race([reading, aborted])
        for (const entry of reply?.[0]?.[1] ?? []) {
          if (signal.aborted) return
          const { fields, event } = this.decode(entry)
          position = entry[0]
          await handler({
            position,
            stream: fields.get('stream') ?? '',
            version: Number(fields.get('version')),
            event,
          })
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
      reader.disconnect()
    }
  }

  async load<State>(stream: string, model: Model<State>): Promise<Loaded<State>> {
    let loaded: Loaded<State> = { state: model.initial, version: 0 }
    const hash = await this.redis.hgetall(`${this.prefix}snapshot:${model.name}:${stream}`)
    try {
      const version = Number(hash.version)
      if (Number(hash.modelVersion) === model.version && Number.isInteger(version) && version > 0) {
        loaded = { state: JSON.parse(hash.state ?? ''), version }
      }
    } catch {
      // replay from the beginning
    }
    for await (const page of this.read(stream, loaded.version)) {
      for (const { event, version } of page) loaded = { state: model.evolve(loaded.state, event), version }
    }
    return loaded
  }

  async saveSnapshot<State>(stream: string, model: Model<State>, loaded: Loaded<State>): Promise<boolean> {
    const key = `${this.prefix}snapshot:${model.name}:${stream}`
    const own = this.redis.duplicate()
    try {
      for (;;) {
        await own.watch(key)
        const stored = await own.hgetall(key)
        const [model0, version0] = [Number(stored.modelVersion), Number(stored.version)]
        if (model0 > model.version || (model0 === model.version && version0 > loaded.version)) return false
        const { version, state } = loaded
        const fields = { modelVersion: model.version, version, state: JSON.stringify(state) }
        if (await succeeds(own.multi().hset(key, fields))) return true
      }
    } finally {
      own.disconnect()
    }
  }

  private decode([id, flat]: Entry) {
    const fields = new Map<string, string>()
    for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '')
    let event = decodeEvent(fields.get('event') ?? '')
    const lifts = this.upcasters[event.eventType] ?? []
    let schema = Number(fields.get('schemaVersion') ?? 1)
    if (schema > lifts.length + 1) throw new UnknownSchemaError(event.eventType, schema)
    for (; schema <= lifts.length; schema += 1) {
      event = { ...event, payload: lifts[schema - 1]?.(event.payload) ?? event.payload }
    }
    return { fields, event, version: Number.parseInt(id, 10) }
  }
}

/** Reads the number before the dash of the last ID that the stream has ever had; fails if the key isn't a stream. */
async function lastMs(own: Redis, key: string): Promise<number> {
  if ((await own.exists(key)) === 0) return 0
  const info = (await own.xinfo('STREAM', key)) as unknown[]
  return Number.parseInt(String(info[info.indexOf('last-generated-id') + 1]), 10)
}

/** Whether no watched key had changed. EXEC itself succeeds even if a command fails: the error is in its replies. */
async function succeeds(multi: ChainableCommander): Promise<boolean> {
  const replies = await multi.exec()
  for (const [error] of replies ?? []) if (error) throw error
  return replies !== null
}
