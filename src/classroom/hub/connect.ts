import type { Cluster, Redis, RedisOptions } from 'ioredis'
import { clientOptions, readAddress } from '../../redis/address.ts'

export type ClassRedis = Redis | Cluster

/** Maximum wait for a learner's request (ms); they retry, and nothing counts twice. */
const TIMEOUT_MS = 5_000

const common: RedisOptions = {
  // Many send at the same moment: everything for Redis from one turn of the event loop goes in one write.
  enableAutoPipelining: true,
  maxRetriesPerRequest: 3,
  retryStrategy: (times) => Math.min(times * 50, 1_000),
}

/** A client for the Redis of a class, standalone or a cluster. Resolves when it answers; rejects with its error. */
export async function connectRedis(url: string): Promise<ClassRedis> {
  const { Cluster, Redis } = await import('ioredis')
  const client = new Redis({ ...clientOptions(readAddress(url)), ...common, commandTimeout: TIMEOUT_MS })
  let problem: Error | undefined
  client.on('error', (error: Error) => {
    problem = error
  })
  try {
    const info = await client.info('server')
    if (!/^redis_mode:cluster/m.test(info)) return client
  } catch (error) {
    client.disconnect()
    throw problem ?? error
  }
  const { host, port, username, password, tls } = client.options
  client.disconnect()
  const secured = { ...(username && { username }), ...(password && { password }), ...(tls && { tls }) }
  const cluster = new Cluster([{ host: host ?? '127.0.0.1', port: port ?? 6379 }], {
    enableAutoPipelining: true,
    clusterRetryStrategy: (times) => Math.min(times * 50, 1_000),
    redisOptions: { ...common, ...secured, commandTimeout: TIMEOUT_MS },
  })
  cluster.on('error', () => {}) // the failed command reports it too
  await cluster.ping()
  return cluster
}

/** A separate connection for blocking reads, because nothing else gets through during one. */
export function readerOf(redis: ClassRedis): ClassRedis {
  const reader =
    'nodes' in redis
      ? redis.duplicate([], { redisOptions: { ...redis.options.redisOptions, commandTimeout: undefined } })
      : redis.duplicate({ commandTimeout: undefined })
  reader.on('error', () => {})
  return reader
}
