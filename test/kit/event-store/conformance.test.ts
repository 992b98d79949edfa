/** The suite of lesson 28 needs a store, not Redis: here it runs on two more stores, one in memory and one on a cluster. */
import { Cluster } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import * as errors from '../../../solutions/28-event-store.ts'
import { type RedisCluster, startCluster } from '../../../src/redis/index.ts'
import {
  conformance,
  countedFrom,
  FULL,
  type Resend,
  type StoreEvent,
  type Subject,
} from '../../conformance/index.ts'
import { need } from '../need.ts'
import { Memory, MemoryEventStore } from './memory-store.ts'

const { RedisEventStore } = errors

/** Where a reply can't be made to get lost, the command is simply sent twice. */
async function sentTwice(test: Resend, clean: () => Promise<void>, subject: () => Subject): Promise<void> {
  await clean()
  await test.prepare()
  const store = subject().open()
  await test.run(store)
  const value = await test.run(store)
  await test.verify({ ok: true, value }, 'the first append')
}

let memory = new Memory()
const inMemory: Subject = {
  errors,
  open: ({ upcasters } = {}) => new MemoryEventStore(memory, upcasters),
  stored: async (stream) =>
    (memory.streams.get(stream)?.entries ?? []).map(({ version, text }) => ({
      version,
      event: JSON.parse(text),
    })),
  logged: async () => memory.log.map(({ stream, version }) => ({ stream, version })),
  plant: async (stream, count) => {
    await new MemoryEventStore(memory).append(stream, countedFrom(1, count), { expected: 'none' })
  },
  trim: async (stream, keep) => {
    const entries = memory.streams.get(stream)?.entries ?? []
    entries.splice(0, entries.length - keep)
  },
  resend: (test) =>
    sentTwice(
      test,
      async () => {
        memory = new Memory()
      },
      () => inMemory,
    ),
  sizes: FULL,
}
beforeEach(() => {
  memory = new Memory()
})
conformance('in memory', inMemory)

need('redis-server').describe('a cluster', () => {
  let cluster: RedisCluster
  let admin: Cluster
  let clients: Cluster[] = []
  let partition = 0
  const connect = () =>
    new Cluster(cluster.nodes.map((node) => ({ host: '127.0.0.1', port: Number(new URL(node).port) })))

  beforeAll(async () => {
    cluster = await startCluster()
    admin = connect()
  })
  // A new partition for every test, on another node.
  beforeEach(() => {
    partition += 1
  })
  afterEach(() => {
    for (const client of clients) client.disconnect()
    clients = []
  })
  afterAll(async () => {
    admin.disconnect()
    await cluster.stop()
  })

  const key = (name: string) => `es:{p${partition}}:${name}`
  const onCluster: Subject = {
    errors,
    open: (options) => {
      const client = connect()
      clients.push(client)
      return new RedisEventStore(client, { partition: `p${partition}`, ...options })
    },
    stored: async (stream) =>
      (await admin.xrange(key(`stream:${stream}`), '-', '+')).map(([id, flat]) => ({
        version: Number.parseInt(id, 10),
        event: JSON.parse(flat[3] ?? '') as StoreEvent,
      })),
    logged: async () =>
      (await admin.xrange(key('log'), '-', '+')).map(([, flat]) => ({
        stream: flat[1] ?? '',
        version: Number(flat[3]),
      })),
    plant: async (stream, count) => {
      const store = new RedisEventStore(admin, { partition: `p${partition}` })
      await store.append(stream, countedFrom(1, count), { expected: 'none' })
    },
    trim: async (stream, keep) => {
      await admin.xtrim(key(`stream:${stream}`), 'MAXLEN', keep)
    },
    resend: (test) =>
      sentTwice(
        test,
        async () => {
          partition += 1
        },
        () => onCluster,
      ),
    sizes: FULL,
  }
  conformance('on a cluster', onCluster)
})
