import type { Redis } from 'ioredis'
import { missingAbilities } from './abilities.ts'
import { type Address, clientOptions, plainUrl, readAddress } from './address.ts'
import { type Explanation, explainConnectProblem } from './connect-problem.ts'
import { RedisUnavailableError } from './errors.ts'
import { findRedisServer } from './executables.ts'
import { type Lease, takeLease } from './lease.ts'
import { memoryProblem } from './memory.ts'
import { probe } from './probe.ts'
import type { RunningRedis } from './types.ts'
import { fullName, isTooOld, OLDEST_VERSION, type ServerVersion, shortName } from './version.ts'

const LIMITS = 'This Redis is borrowed, so'
const SKIPPED = {
  withoutServer: `${LIMITS} tasks that crash, reconfigure, or measure a server are skipped.`,
  withServer: `${LIMITS} tasks that crash or reconfigure a server start their own with this machine's redis-server; a task that measures Redis itself is skipped.`,
}

/**
 * Uses a Redis that someone else runs. Refused unless it can do what a check needs, the database in the address is
 * empty or was our sandbox before, and no other program is using it; nothing is written to it until that's clear.
 * Rejects with `RedisUnavailableError`.
 */
export async function startUrl(
  url: string,
  env: NodeJS.ProcessEnv,
  notify: (sentence: string) => void,
): Promise<RunningRedis> {
  const address = readAddress(url)
  try {
    const { version, lease } = await againAfterStandstill(async () => ({
      version: await examined(address, notify),
      lease: await taken(address, notify),
    }))
    const hasServer = findRedisServer(env) !== undefined
    return {
      url: plainUrl(address),
      kind: 'url',
      name: fullName(version),
      version: version.version,
      description: `${shortName(version)} at ${address.place}, database ${address.database}`,
      limits: hasServer ? SKIPPED.withServer : SKIPPED.withoutServer,
      notices: [],
      lease: lease.token,
      confirm: lease.confirm,
      stop: lease.release,
      crash: () => Promise.reject(unavailable(notOurs(address))),
      has: (need) => need !== 'real-server' && hasServer,
    }
  } catch (error) {
    if (error instanceof RedisUnavailableError) throw error
    const why = explainConnectProblem(error, address)
    throw why === undefined ? error : unavailable(why, error)
  }
}

/** A longer time between two ticks means that this program stood still, in milliseconds. */
const STANDSTILL_MS = 2_000

/**
 * Runs it again if it failed while this program stood still, because of Ctrl-Z or a closed laptop: its time limits were
 * over before it could read a reply, so its failure says nothing about the server.
 */
async function againAfterStandstill<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    let stoodStill = false
    let last = performance.now()
    // If the program stands still, several timers are overdue afterward, and this one runs first.
    const ticks = setInterval(() => {
      const now = performance.now()
      stoodStill ||= now - last > STANDSTILL_MS
      last = now
    }, 100)
    try {
      return await run()
    } catch (error) {
      if (!stoodStill || tries === MOST_TRIES) throw error
    } finally {
      clearInterval(ticks)
    }
  }
}

const MOST_TRIES = 3

/** Silence after which it's reported, in milliseconds. */
const SILENCE_MS = 800

/** Looks at the server without leaving anything there. */
async function examined(address: Address, notify: (sentence: string) => void): Promise<ServerVersion> {
  const told = setTimeout(() => notify(`Waiting for ${address.place} to answer …`), SILENCE_MS)
  const { client, version, mode, info } = await probe(address).finally(() => clearTimeout(told))
  try {
    const problem =
      wrongVersion(address, version) ??
      wrongMode(address, mode) ??
      (await missingAbilities(client, address.place)) ??
      memoryProblem(info, address.place)
    if (problem !== undefined || version === undefined) throw unavailable(problem ?? noVersion(address))
    return version
  } finally {
    client.disconnect()
  }
}

async function taken(address: Address, notify: (sentence: string) => void): Promise<Lease> {
  const { place, database } = address
  const client = await keeper(address)
  let lease: Awaited<ReturnType<typeof takeLease>>
  try {
    lease = await takeLease(client, () =>
      notify(
        `Another program may be using database ${database} of ${place}. Waiting to see whether it's still there …`,
      ),
    )
  } catch (error) {
    client.disconnect()
    throw error
  }
  if (!('kind' in lease)) return lease
  client.disconnect()
  const other = `redis${address.tls ? 's' : ''}://${place}/${database === 15 ? 14 : 15}`
  if (lease.kind === 'filled') {
    throw unavailable({
      problem: `Database ${database} of ${place} has ${lease.keys === 1 ? 'a key' : `${lease.keys} keys`} and isn't an eventlings sandbox, so it was left alone: checks empty their database.`,
      remedy: `Put the number of an empty database at the end of the address, for example ${other}.`,
    })
  }
  throw unavailable({
    problem: `Another eventlings program is using database ${database} of ${place}, and the two would delete each other's data.`,
    remedy: `Wait until that program has ended, or put the number of another database at the end of the address, for example ${other}.`,
  })
}

/** A connection for the lease alone, which reconnects after a break. */
async function keeper(address: Address): Promise<Redis> {
  const { Redis } = await import('ioredis')
  const client = new Redis({
    ...clientOptions(address),
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 1,
    retryStrategy: () => 500,
    commandTimeout: 5_000,
  })
  client.on('error', () => {}) // reported by the command that fails
  return client
}

function unavailable({ problem, remedy }: Explanation, cause?: unknown): RedisUnavailableError {
  return new RedisUnavailableError('url', problem, remedy, cause === undefined ? {} : { cause })
}

function wrongVersion(address: Address, version: ServerVersion | undefined): Explanation | undefined {
  if (version === undefined) return noVersion(address)
  if (!isTooOld(version)) return undefined
  return {
    problem: `The Redis at ${address.place} is ${version.version}, but the lessons need ${OLDEST_VERSION} or newer.`,
    remedy: 'Upgrade it, or use another Redis with `--redis`.',
  }
}

function noVersion({ place }: Address): Explanation {
  return {
    problem: `The server at ${place} doesn't report a Redis version.`,
    remedy: 'Correct the address, or use another Redis with `--redis`.',
  }
}

function wrongMode({ place }: Address, mode: string): Explanation | undefined {
  switch (mode) {
    case 'standalone':
      return undefined
    case 'sentinel':
      return {
        problem: `${place} is a Sentinel, which keeps no data.`,
        remedy: 'Use the address of the Redis that it watches.',
      }
    default:
      return {
        problem: `The Redis at ${place} is a node of a cluster, which has only part of the keys.`,
        remedy: 'Use the address of a standalone Redis; the cluster lessons start their own cluster.',
      }
  }
}

function notOurs({ place }: Address): Explanation {
  return {
    problem: `The Redis at ${place} isn't ours to crash.`,
    remedy: 'Use `--redis binary` or `--redis container` for this.',
  }
}
