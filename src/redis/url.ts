import type { Redis } from 'ioredis'
import { explainConnectProblem } from './connect-problem.ts'
import { RedisUnavailableError } from './errors.ts'
import { findRedisServer } from './executables.ts'
import { type Address, type Probed, probe, readAddress } from './probe.ts'
import { markSandbox, SANDBOX_MARKER } from './sandbox.ts'
import type { RunningRedis } from './types.ts'
import { isTooOld, OLDEST_VERSION, shortName } from './version.ts'

const LIMITS = 'This Redis is borrowed, so tasks that crash or reconfigure a server are skipped.'

/**
 * A Redis that somebody else runs. Refused unless the database that the address names is empty or was our sandbox
 * before; nothing is written to it until that is clear. Rejects with `RedisUnavailableError`.
 */
export async function startUrl(url: string, env: NodeJS.ProcessEnv): Promise<RunningRedis> {
  const address = readAddress(url)
  const { client, version, mode } = await connected(address)
  try {
    if (version === undefined || isTooOld(version)) throw tooOld(address, version?.version)
    if (mode !== 'standalone') throw wrongMode(address, mode)
    await takeAsSandbox(client, address)
    return {
      url,
      kind: 'url',
      version: version.version,
      description: `${shortName(version)} at ${address.place}, database ${address.database}`,
      limits: LIMITS,
      notices: [],
      stop: async () => {},
      crash: () => Promise.reject(notOurs(address)),
      has: (need) => need !== 'real-server' && findRedisServer(env) !== undefined,
    }
  } finally {
    client.disconnect()
  }
}

async function connected(address: Address): Promise<Probed> {
  try {
    return await probe(address)
  } catch (error) {
    throw explained(error, address)
  }
}

async function takeAsSandbox(client: Redis, address: Address): Promise<void> {
  let marked: boolean
  let keys: number
  try {
    marked = (await client.exists(SANDBOX_MARKER)) === 1
    keys = await client.dbsize()
    if (marked || keys === 0) {
      await markSandbox(client) // also when it is marked: a read-only replica shows here, not in the first lesson
      return
    }
  } catch (error) {
    throw explained(error, address)
  }
  throw new RedisUnavailableError(
    'url',
    `Database ${address.database} of ${address.place} has ${keys === 1 ? 'a key' : `${keys} keys`} and is not a sandbox of ours, so it was left alone: checks empty their database.`,
    `Write the number of an empty one at the end of the address, such as redis://${address.place}/${address.database === 15 ? 14 : 15}.`,
  )
}

function explained(error: unknown, address: Address): unknown {
  const why = explainConnectProblem(error, address)
  return why === undefined
    ? error
    : new RedisUnavailableError('url', why.problem, why.remedy, { cause: error })
}

function tooOld({ place }: Address, version: string | undefined): RedisUnavailableError {
  return new RedisUnavailableError(
    'url',
    version === undefined
      ? `What listens at ${place} does not tell a Redis version.`
      : `The Redis at ${place} is ${version}, and the lessons need ${OLDEST_VERSION} or newer.`,
    'Upgrade it, or take another source with `--redis`.',
  )
}

function wrongMode({ place }: Address, mode: string): RedisUnavailableError {
  return mode === 'sentinel'
    ? new RedisUnavailableError(
        'url',
        `${place} is a Sentinel, which keeps no data.`,
        'Write the address of the Redis that it watches.',
      )
    : new RedisUnavailableError(
        'url',
        `The Redis at ${place} is a node of a cluster, which keeps only a part of the keys.`,
        'Write the address of a Redis that stands alone; the cluster lessons start a cluster of their own.',
      )
}

function notOurs({ place }: Address): RedisUnavailableError {
  return new RedisUnavailableError(
    'url',
    `The Redis at ${place} is not ours to crash.`,
    'Use `--redis binary` or `--redis container` for this.',
  )
}
