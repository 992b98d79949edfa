import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '../../solutions/01-events.ts'
import { type Model, RedisEventStore } from '../../solutions/28-event-store.ts'
import { least, packed, shortest } from './store-scripts.ts'

/** One thing done to an event store, as the store does it and as you would by hand. Each call does all of it. */
export interface Work {
  readonly name: string
  /** The minimum speed required, as a share of the handwritten one's; undefined if there's none. */
  readonly goal: number | undefined
  readonly ours: () => Promise<unknown>
  readonly bare: () => Promise<unknown>
  /** How often both are done in one round: the shorter, the more often. */
  readonly turns: number
}

const HISTORY = 10_000
const PAGE = 1_000
const WRITERS = 64

interface Sum {
  readonly sum: number
  readonly count: number
}
const model: Model<Sum> = { name: 'sum', version: 1, initial: { sum: 0, count: 0 }, evolve }

function evolve({ sum, count }: Sum, { payload }: DomainEvent): Sum {
  return { sum: sum + Number(payload.cents), count: count + 1 }
}

function eventOf(n: number): DomainEvent {
  return {
    eventId: `7f9c24e8-3b12-4c1f-9d2a-${String(n).padStart(12, '0')}`,
    timestamp: '2026-03-01T10:00:00.000Z',
    eventType: 'PAYMENT_RECEIVED',
    entityId: 'order-1',
    payload: { cents: n, currency: 'EUR', method: 'card' },
    metadata: { correlationId: 'c-1' },
  }
}

/**
 * Plants the histories, then returns everything that is measured. The database has to be empty, and no one else's.
 */
export async function prepareWork(redis: Redis): Promise<readonly Work[]> {
  const store = new RedisEventStore(redis, { partition: 'ours' })
  const history = new RedisEventStore(redis, { partition: 'history' })
  const key = (name: string) => `es:{bare}:${name}`
  for (const { lua } of [least, shortest, packed]) await redis.script('LOAD', lua)
  for (const [stream, length] of [
    ['long', HISTORY],
    ['short', 100],
  ] as const) {
    for (let from = 0; from < length; from += 100) {
      const events = Array.from({ length: 100 }, (_, i) => eventOf(from + i))
      await history.append(stream, events, { expected: from })
    }
    const state = { sum: 0, count: length - 10 }
    await history.saveSnapshot(stream, model, { state, version: length - 10 })
  }
  const end = (await redis.xrevrange('es:{history}:log', '+', '-', 'COUNT', 1))[0]?.[0] ?? ''

  let streams = 0
  const fresh = () => {
    streams += 1
    return `s${streams}`
  }
  const one = [eventOf(1)]
  const hundred = Array.from({ length: 100 }, (_, i) => eventOf(i))

  const append = async (stream: string, events: readonly DomainEvent[], times: number) => {
    let version = 0
    for (let i = 0; i < times; i += 1)
      ({ version } = await store.append(stream, events, { expected: version }))
  }
  const bareAppend = async (
    stream: string,
    events: readonly DomainEvent[],
    times: number,
    { sha } = least,
  ) => {
    let version = 0
    for (let i = 0; i < times; i += 1) {
      const texts = events.map(encodeEvent)
      version = Number(
        await redis.evalsha(sha, 2, key(`stream:${stream}`), key('log'), version, stream, ...texts),
      )
    }
  }
  const packedAppend = async (stream: string, events: readonly DomainEvent[], times: number) => {
    let version = 0
    for (let i = 0; i < times; i += 1) {
      const text = `[${events.map(encodeEvent).join()}]`
      const keys = [key(`stream:${stream}`), key('log')]
      version = Number(await redis.evalsha(packed.sha, 2, ...keys, version, stream, events.length, text))
    }
  }
  const writers = (write: (stream: string, events: readonly DomainEvent[], times: number) => Promise<void>) =>
    Promise.all(Array.from({ length: WRITERS }, () => write(fresh(), one, 1)))

  return [
    {
      name: 'append one by one',
      turns: 30,
      goal: 0.9,
      ours: () => append(fresh(), one, 20),
      bare: () => bareAppend(fresh(), one, 20),
    },
    {
      name: 'one by one, vs. XREVRANGE',
      turns: 30,
      goal: undefined,
      ours: () => append(fresh(), one, 20),
      bare: () => bareAppend(fresh(), one, 20, shortest),
    },
    {
      name: '64 writers at once',
      turns: 30,
      goal: 0.9,
      ours: () => writers(append),
      bare: () => writers(bareAppend),
    },
    {
      name: 'batches of 100',
      turns: 30,
      goal: 0.9,
      ours: () => append(fresh(), hundred, 2),
      bare: () => bareAppend(fresh(), hundred, 2),
    },
    {
      name: 'replay of 10,000',
      turns: 7,
      goal: 1.15,
      ours: async () => {
        let state = model.initial
        for await (const page of history.read('long'))
          for (const { event } of page) state = evolve(state, event)
        return state
      },
      bare: () => replay(redis, 'es:{history}:stream:long', '-', model.initial),
    },
    {
      name: 'state from a snapshot',
      turns: 30,
      goal: 0.9,
      ours: () => times(5, () => history.load('long', model)),
      bare: () => times(5, () => bareLoad(redis, 'long')),
    },
    {
      name: 'rebuild of a projection',
      turns: 7,
      goal: undefined,
      ours: () => rebuild(redis, history, end),
      bare: () => bareRebuild(redis),
    },
    {
      name: 'snapshot: 10,000 vs. 100',
      turns: 30,
      goal: 0.9,
      ours: () => times(5, () => history.load('long', model)),
      bare: () => times(5, () => history.load('short', model)),
    },
    {
      name: 'batches, packed by hand',
      turns: 30,
      goal: undefined,
      ours: () => packedAppend(fresh(), hundred, 2),
      bare: () => bareAppend(fresh(), hundred, 2),
    },
  ]
}

async function times(count: number, run: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i += 1) await run()
}

async function replay(redis: Redis, key: string, start: string, initial: Sum): Promise<Sum> {
  let [state, from] = [initial, start]
  for (;;) {
    const page = await redis.xrange(key, from, '+', 'COUNT', PAGE)
    for (const [, flat] of page) state = evolve(state, decodeEvent(flat[3] ?? ''))
    if (page.length < PAGE) return state
    from = `(${page.at(-1)?.[0]}`
  }
}

async function bareLoad(redis: Redis, stream: string): Promise<Sum> {
  const [version, state] = await redis.hmget(`es:{history}:snapshot:sum:${stream}`, 'version', 'state')
  return await replay(redis, `es:{history}:stream:${stream}`, `(${version}-0`, JSON.parse(state ?? '') as Sum)
}

/** Counts by payment method, written when the whole log has been read. */
async function rebuild(redis: Redis, store: RedisEventStore, end: string): Promise<void> {
  const sums = new Map<string, number>()
  const stop = new AbortController()
  await store.subscribe(
    ({ event, position }) => {
      add(sums, event)
      if (position === end) stop.abort()
    },
    { signal: stop.signal },
  )
  await redis.hset('projection:ours', { ...Object.fromEntries(sums), at: end })
}

async function bareRebuild(redis: Redis): Promise<void> {
  const sums = new Map<string, number>()
  for (let from = '0'; ; ) {
    const page = (await redis.xread('COUNT', PAGE, 'STREAMS', 'es:{history}:log', from))?.[0]?.[1] ?? []
    for (const [, flat] of page) add(sums, decodeEvent(flat[7] ?? ''))
    from = page.at(-1)?.[0] ?? from
    if (page.length < PAGE) {
      await redis.hset('projection:bare', { ...Object.fromEntries(sums), at: from })
      return
    }
  }
}

function add(sums: Map<string, number>, { payload }: DomainEvent): void {
  const method = String(payload.method)
  sums.set(method, (sums.get(method) ?? 0) + Number(payload.cents))
}
