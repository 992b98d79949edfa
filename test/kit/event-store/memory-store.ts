import { decodeEvent, encodeEvent } from '../../../solutions/01-events.ts'
import {
  ConcurrencyError,
  InvalidAppendError,
  UnknownSchemaError,
} from '../../../solutions/28-event-store.ts'
import type {
  Appended,
  AppendOptions,
  EventStore,
  Loaded,
  LoggedEvent,
  Model,
  StoredEvent,
  StoreEvent,
  SubscribeOptions,
  Upcasters,
} from '../../conformance/index.ts'

interface Entry {
  readonly stream: string
  readonly version: number
  readonly schemaVersion: number
  readonly text: string
}

/** What several stores share, as they would share a server. */
export class Memory {
  readonly streams = new Map<string, { version: number; entries: Entry[] }>()
  readonly log: Entry[] = []
  readonly answers = new Map<string, Appended>()
  readonly snapshots = new Map<string, { modelVersion: number; version: number; state: string }>()
  readonly waiting = new Set<() => void>()
}

const PAGE = 100

/** The simplest possible event store, which the one on Redis is compared with. */
export class MemoryEventStore implements EventStore {
  readonly #memory: Memory
  readonly #upcasters: Upcasters

  constructor(memory: Memory, upcasters: Upcasters = {}) {
    this.#memory = memory
    this.#upcasters = upcasters
  }

  async append(stream: string, events: readonly StoreEvent[], options: AppendOptions): Promise<Appended> {
    const { expected, commandId } = options
    if (typeof stream !== 'string' || stream === '') throw new InvalidAppendError('stream', 'is empty')
    if (events.length === 0) throw new InvalidAppendError('events', 'is empty')
    const isVersion = Number.isSafeInteger(expected) && Number(expected) >= 0
    if (!isVersion && !['any', 'none', 'exists'].includes(String(expected))) {
      throw new InvalidAppendError('expected', "isn't a version")
    }
    if (commandId === '') throw new InvalidAppendError('commandId', 'is empty')
    const texts = events.map(encodeEvent)
    const { streams, log, answers, waiting } = this.#memory

    const known = answers.get(commandId ?? '')
    if (known !== undefined) return known
    const found = streams.get(stream) ?? { version: 0, entries: [] }
    if (!isMet(options, found.version)) throw new ConcurrencyError(stream, expected, found.version)
    for (const [index, text] of texts.entries()) {
      found.version += 1
      const schemaVersion = (this.#upcasters[events[index]?.eventType ?? '']?.length ?? 0) + 1
      const entry = { stream, version: found.version, schemaVersion, text }
      found.entries.push(entry)
      log.push(entry)
    }
    streams.set(stream, found)
    const answer = { version: found.version, position: String(log.length) }
    if (commandId !== undefined) answers.set(commandId, answer)
    for (const wake of waiting) wake()
    return answer
  }

  async *read(stream: string, after = 0): AsyncGenerator<readonly StoredEvent[]> {
    for (let from = after; ; ) {
      const entries = this.#memory.streams.get(stream)?.entries.filter(({ version }) => version > from) ?? []
      const page = entries.slice(0, PAGE).map((entry) => this.#decode(entry))
      if (page.length === 0) return
      yield page
      from = page.at(-1)?.version ?? from
    }
  }

  async subscribe(
    handler: (event: LoggedEvent) => void | Promise<void>,
    { after = '0', signal }: SubscribeOptions,
  ): Promise<void> {
    const { log, waiting } = this.#memory
    let position = Number(after)
    while (!signal.aborted) {
      const entry = log[position]
      if (entry === undefined) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve)
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        continue
      }
      position += 1
      await handler({ ...this.#decode(entry), position: String(position) })
    }
  }

  async load<State>(stream: string, model: Model<State>): Promise<Loaded<State>> {
    const kept = this.#memory.snapshots.get(JSON.stringify([stream, model.name]))
    const usable = kept?.modelVersion === model.version
    let state = usable ? (JSON.parse(kept.state) as State) : model.initial
    let version = usable ? kept.version : 0
    for await (const page of this.read(stream, version)) {
      for (const stored of page) {
        state = model.evolve(state, stored.event)
        version = stored.version
      }
    }
    return { state, version }
  }

  async saveSnapshot<State>(stream: string, model: Model<State>, loaded: Loaded<State>): Promise<boolean> {
    const { snapshots } = this.#memory
    const key = JSON.stringify([stream, model.name])
    const kept = snapshots.get(key)
    if (kept !== undefined) {
      if (kept.modelVersion > model.version) return false
      if (kept.modelVersion === model.version && kept.version > loaded.version) return false
    }
    const { version, state } = loaded
    snapshots.set(key, { modelVersion: model.version, version, state: JSON.stringify(state) })
    return true
  }

  #decode({ stream, version, schemaVersion, text }: Entry): StoredEvent {
    const event = decodeEvent(text)
    const steps = this.#upcasters[event.eventType] ?? []
    if (schemaVersion > steps.length + 1) throw new UnknownSchemaError(event.eventType, schemaVersion)
    const payload = steps.slice(schemaVersion - 1).reduce((lifted, step) => step(lifted), event.payload)
    return { stream, version, event: { ...event, payload } }
  }
}

function isMet({ expected }: AppendOptions, version: number): boolean {
  switch (expected) {
    case 'any':
      return true
    case 'none':
      return version === 0
    case 'exists':
      return version > 0
    default:
      return version === expected
  }
}
