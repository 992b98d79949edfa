import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { sentenceOf } from '../../common/errors.ts'
import { readAddress } from '../../redis/address.ts'
import { withoutArguments } from '../../redis/connect-problem.ts'
import { findRedisServer } from '../../redis/executables.ts'
import { RedisUnavailableError, SANDBOX_MARKER, startOwnServer, startRedis } from '../../redis/index.ts'
import { ClassError } from '../errors.ts'
import { type ClassRedis, connectRedis } from '../hub/connect.ts'

export interface OpenRedis {
  readonly client: ClassRedis
  /** `own`, `embedded` or the address: what to ask for the next time. */
  readonly source: string
  /** A sentence for the instructor: what it is, and what happens to the data. */
  readonly description: string
  stop(): Promise<void>
}

/**
 * The Redis of a class. It's never a sandbox, because a check empties that: a separate server that keeps its data in
 * `folder`, or the one at an address or, where none is installed, the embedded one. Rejects with ClassError or
 * RedisUnavailableError.
 */
export async function openClassRedis(
  wanted: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<OpenRedis> {
  switch (wanted) {
    case 'auto':
      return findRedisServer(env) === undefined ? openEmbedded(env) : openOwn(folder, env)
    case 'own':
    case 'binary':
      return openOwn(folder, env)
    case 'embedded':
      return openEmbedded(env)
    case 'container':
      throw new ClassError(
        "A class can't use a check container, because checks empty those. Use --redis binary, embedded, or redis://…",
      )
    default:
      return openAt(wanted)
  }
}

/**
 * Once a second to the disk: a power cut costs a second, and the participants send that again. Nothing is ever evicted:
 * a Redis that's full refuses, and what was acknowledged stays. It has more memory than a class may fill, so that the
 * instructor can still act then.
 */
export const KEEP = [
  ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
  ...['--maxmemory', '1gb', '--maxmemory-policy', 'noeviction'],
]

async function openOwn(folder: string, env: NodeJS.ProcessEnv): Promise<OpenRedis> {
  const data = path.join(folder, 'redis')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const server = await startOwnServer({ args: KEEP, folder: data, env })
  const client = await connectRedis(server.url)
  return {
    client,
    source: 'own',
    description: `Redis ${server.version} on this machine; its data is in ${data}.`,
    async stop() {
      // Cleanly: everything that isn't on the disk yet is written, because the append-only file is always completed.
      await client.call('SHUTDOWN', 'NOSAVE').catch(() => {})
      client.disconnect()
      await server.stop()
    },
  }
}

async function openEmbedded(env: NodeJS.ProcessEnv): Promise<OpenRedis> {
  const redis = await startRedis('embedded', { env })
  const client = await connectRedis(redis.url)
  return {
    client,
    source: 'embedded',
    description:
      "The embedded Redis, which stores nothing on disk; after a restart, learners' machines send everything again.",
    async stop() {
      client.disconnect()
      await redis.stop()
    },
  }
}

async function openAt(url: string): Promise<OpenRedis> {
  const { place } = readAddress(url)
  let client: ClassRedis
  try {
    client = await connectRedis(url)
  } catch (error) {
    const said = withoutArguments(sentenceOf(error))
    throw new RedisUnavailableError('url', `No Redis answers at ${place}: ${said}.`, 'Is the address right?')
  }
  if ((await client.exists(SANDBOX_MARKER)) === 1) {
    client.disconnect()
    throw new ClassError(
      `${place} is a sandbox, and every check empties it. Use another database, for example redis://${place}/1.`,
    )
  }
  return {
    client,
    source: url,
    description: `The Redis at ${place}; whether it keeps its data depends on its settings.`,
    stop: async () => client.disconnect(),
  }
}
