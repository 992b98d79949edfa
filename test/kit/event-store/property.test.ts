/** Whatever happens, in whatever order, the store on Redis answers like the one in memory. */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect } from 'vitest'
import { RedisEventStore } from '../../../solutions/28-event-store.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import {
  countedFrom,
  type EventStore,
  type Expected,
  type Loaded,
  type Model,
  type StoredEvent,
  type StoreEvent,
} from '../../conformance/index.ts'
import { need } from '../need.ts'
import { Memory, MemoryEventStore } from './memory-store.ts'

const RUNS = 500
const stream = fc.constantFrom('a:b', '{c} d')
const expected: fc.Arbitrary<Expected> = fc.oneof(
  fc.constantFrom<Expected>('any', 'any', 'none', 'exists'),
  fc.nat(6),
)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      stream,
      count: fc.integer({ min: 0, max: 3 }),
      expected,
      commandId: fc.option(fc.constantFrom('c1', 'c2', '{c}:3'), { nil: undefined }),
      text: fc.string({ unit: 'grapheme' }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const), stream, keep: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), stream, after: fc.nat(6) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('load' as const),
      stream,
      model: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('save' as const),
      which: fc.nat(5),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const model = (version: number): Model<readonly string[]> => ({
  name: 'texts',
  version,
  initial: [],
  evolve: (state, { payload }: StoreEvent) => [...state, `${version} ${String(payload.text)}`],
})

async function allOf(pages: AsyncIterable<readonly StoredEvent[]>): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const page of pages) events.push(...page)
  return events
}

interface Seen {
  readonly positions: string[]
  readonly loaded: {
    readonly step: { readonly stream: string; readonly model: number }
    readonly now: Loaded<readonly string[]>
  }[]
}

/** The result of a step, in words that are the same for both: positions are numbered as they occur. */
async function outcomeOf(
  store: EventStore,
  step: Exclude<Step, { kind: 'trim' }>,
  { positions, loaded }: Seen,
) {
  try {
    switch (step.kind) {
      case 'append': {
        const { commandId, count, text } = step
        const events = countedFrom(1, count).map((event) => ({ ...event, payload: { text } }))
        const options = { expected: step.expected, ...(commandId !== undefined && { commandId }) }
        const { version, position } = await store.append(step.stream, events, options)
        if (!positions.includes(position)) positions.push(position)
        return { version, position: positions.indexOf(position) }
      }
      case 'read':
        return await allOf(store.read(step.stream, step.after))
      case 'load': {
        const now = await store.load(step.stream, model(step.model))
        loaded.push({ step, now })
        return now
      }
      case 'save': {
        // Any that was ever loaded: other writers may have saved a later one in the meantime.
        const old = loaded[step.which % loaded.length]
        return old && (await store.saveSnapshot(old.step.stream, model(old.step.model), old.now))
      }
    }
  } catch (error) {
    // These are answers too; anything else is a bug in one of them.
    if (!(error instanceof Error) || !/^(Concurrency|InvalidAppend)Error$/.test(error.name)) throw error
    return { error: error.name, ...('actual' in error && { actual: error.actual }) }
  }
}

need('redis-server').describe('RedisEventStore', () => {
  let server: RunningRedis
  let redis: Redis
  beforeAll(async () => {
    server = await startRedis('binary')
    redis = new Redis(server.url)
  })
  afterAll(async () => {
    redis.disconnect()
    await server.stop()
  })

  need('redis-server').test(
    `answers like a store in memory, ${RUNS} times`,
    async () => {
      let run = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), async (steps) => {
          run += 1
          const memory = new Memory()
          const [ours, plain] = [
            new RedisEventStore(redis, { partition: `p${run}` }),
            new MemoryEventStore(memory),
          ]
          const seen: [Seen, Seen] = [
            { positions: [], loaded: [] },
            { positions: [], loaded: [] },
          ]
          for (const step of steps) {
            if (step.kind === 'trim') {
              await redis.xtrim(`es:{p${run}}:stream:${step.stream}`, 'MAXLEN', step.keep)
              const entries = memory.streams.get(step.stream)?.entries ?? []
              entries.splice(0, Math.max(0, entries.length - step.keep))
              continue
            }
            expect(await outcomeOf(ours, step, seen[0])).toEqual(await outcomeOf(plain, step, seen[1]))
          }
          const log = await redis.xrange(`es:{p${run}}:log`, '-', '+')
          expect(log.map(([, flat]) => [flat[1], Number(flat[3]), flat[7]])).toEqual(
            memory.log.map(({ stream, version, text }) => [stream, version, text]),
          )
        }),
        { numRuns: RUNS },
      )
    },
    120_000,
  )
})
