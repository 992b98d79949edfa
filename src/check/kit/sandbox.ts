import { Redis, type RedisOptions } from 'ioredis'
import { afterEach, beforeEach } from 'vitest'
import { clientOptions, readAddress } from '../../redis/address.ts'
import { cleanSandbox } from '../../redis/sandbox.ts'
import type { Need } from '../../redis/types.ts'
import { failOnViolation } from './call.ts'
import { disconnectGuests, handOut, trustedClient } from './connections.ts'
import type { SentCommand } from './context.ts'
import { environment, lacks } from './environment.ts'
import { hideMarker } from './guards/hidden-marker.ts'
import { deleteLoadedLibraries, rememberLibraries } from './guards/libraries.ts'
import { allowAddress, guardNetwork } from './guards/network.ts'
import { forgetViolations } from './guards/violations.ts'
import { forgetCommands, recordCommands, sentCommands } from './recorder/recording.ts'
import { type OwnCluster, startCluster } from './servers/own-cluster.ts'
import { type OwnServer, type OwnServerOptions, startServer, stopOwnServers } from './servers/own-server.ts'
import {
  type Condition,
  conditionOf,
  type Misbehavior,
  misbehavior,
  refusedToTell,
} from './silence/condition.ts'
import { keepPulse } from './silence/hearts.ts'
import { pauseOnClock } from './silence/pulse.ts'
import { watchTraffic } from './silence/traffic.ts'

/** The database that a suite works on: clean before every test, and every connection to it closed after it. */
export interface Sandbox {
  /** The client to pass to the learner's code. */
  readonly redis: Redis
  /** The suite's own client: plants data and looks at the result; never recorded, never for the learner's code. */
  readonly admin: Redis
  /** What the learner's code has sent in this test so far. */
  readonly commands: readonly SentCommand[]
  /** Opens another client for the learner's code, as if in another process. */
  connect(options?: RedisOptions): Redis
  has(need: Need): boolean
  /**
   * Makes this many round trips to Redis, after which anything that was already in flight has arrived. Use it to prove
   * that something doesn't arrive.
   */
  roundTrips(count: number): Promise<undefined>
  /** Makes Redis forget all scripts, as it does when it restarts; not a borrowed one, where they may be someone else's. */
  forgetScripts(): Promise<void>
  /** A redis-server for this test only, to kill and start again; for tasks with `Needs: own-server`. */
  startServer(options?: OwnServerOptions): Promise<OwnServer>
  /** A three-node cluster for this test only; for tasks with `Needs: cluster`. */
  startCluster(): Promise<OwnCluster>
}

/**
 * A reconnect in a check shouldn't wait: one millisecond instead of ioredis's fifty and more. Each test has its own
 * connection, and what ioredis sends on each (its name, its version, INFO) took a third of a check's time.
 */
const OPTIONS: RedisOptions = {
  retryStrategy: () => 1,
  connectTimeout: 5_000,
  lazyConnect: true,
  disableClientInfo: true,
  enableReadyCheck: false,
}

let admin: Redis | undefined
let ready: Redis | undefined
/** Used only to see whether the server is alive, so its commands never wait for any others. */
let pulse: Redis | undefined

/** Loads and connects everything possible before the answer is known; the check's warm process calls it early. */
export async function warmUp(): Promise<void> {
  guardNetwork()
  watchTraffic()
  if (isBorrowed()) hideMarker() // before the recording, which shows the replies that this returns
  recordCommands()
  const { host, port } = readAddress(environment().url)
  allowAddress(host, port)
  pulse ??= newPulse()
  if (pulse.status === 'wait') await connected(pulse)
  admin ??= trustedClient(() => new Redis({ ...address(), ...OPTIONS }))
  if (admin.status === 'wait') await connected(admin)
  if (isBorrowed()) await rememberLibraries(admin).catch(() => {})
  if (ready !== undefined) return
  const next = connect()
  await connected(next)
  ready = next
}

function newPulse(): Redis {
  const client = trustedClient(
    () => new Redis({ ...address(), ...OPTIONS, retryStrategy: () => 50, maxRetriesPerRequest: null }),
  )
  keepPulse(client)
  return client
}

/** A client that can't connect now retries automatically; errors show in its commands. */
async function connected(client: Redis): Promise<void> {
  await client.connect().catch(() => {})
}

let atStart: Condition | undefined

/** Remembers the server's state before an answer runs. */
export async function noteCondition(): Promise<void> {
  atStart = await conditionOf(required(admin)).catch(() => undefined)
}

/** What the server itself did since then; undefined if it behaved. */
export async function misbehaviorSince(): Promise<Misbehavior | undefined> {
  try {
    const now = await conditionOf(required(admin))
    return atStart === undefined ? undefined : misbehavior(atStart, now)
  } catch (error) {
    return refusedToTell(error)
  }
}

/**
 * Opens another client for the learner's code. If the connection breaks at once, ioredis connects again; that isn't to
 * happen on the clock of the learner's code, so it's awaited here, but not for a server that's gone.
 */
export async function connectedGuest(options?: RedisOptions): Promise<Redis> {
  const client = connect(options)
  const ready = new Promise<void>((resolve) => client.once('ready', resolve))
  await client.connect().catch(() => Promise.race([ready, pauseOnClock(RECONNECT_MS)]))
  return client
}

const RECONNECT_MS = 5_000

function connect(options: RedisOptions = {}): Redis {
  const client = handOut(new Redis({ ...address(), ...OPTIONS, ...options }))
  client.options.lazyConnect = false // a duplicate has these options, and connects by itself as any other does
  client.on('error', () => {}) // errors show in the commands; without a listener ioredis prints them
  return client
}

/** A faulty connection connects to another of its ports. */
function address(): RedisOptions {
  return clientOptions(readAddress(environment().url))
}

function isBorrowed(): boolean {
  return environment().kind === 'url'
}

/** For tests of the kit, whose server ends before their process does. */
export function closeSandbox(): void {
  for (const client of [admin, ready, pulse]) client?.disconnect()
  admin = undefined
  ready = undefined
  pulse = undefined
}

/** Call once at the top of a suite. */
export function useSandbox(): Sandbox {
  let redis: Redis | undefined
  beforeEach(async () => {
    await warmUp()
    await cleanDatabase()
    redis = ready
    ready = undefined
  })
  afterEach(async () => {
    disconnectGuests(true)
    redis = undefined
    await stopOwnServers()
    if (isBorrowed()) await deleteLoadedLibraries(required(admin), sentCommands())
    failOnViolation() // also for what happened in the background, after the call had returned
  })
  return {
    get redis() {
      return required(redis)
    },
    get admin() {
      return required(admin)
    },
    get commands() {
      return sentCommands()
    },
    connect,
    has: (need) => !lacks(need),
    roundTrips,
    forgetScripts,
    startServer,
    startCluster,
  }
}

async function roundTrips(count: number): Promise<undefined> {
  for (let trip = 0; trip < count; trip += 1) await required(admin).ping()
  return undefined
}

async function forgetScripts(): Promise<void> {
  if (!isBorrowed()) await required(admin).script('FLUSH')
}

function required(client: Redis | undefined): Redis {
  if (client === undefined) throw new Error('The sandbox is open only inside a test. Use it there.')
  return client
}

/** Empties the sandbox and forgets what was sent and done. */
export async function cleanDatabase(): Promise<void> {
  const client = required(admin)
  if (isBorrowed()) await deleteLoadedLibraries(client, sentCommands())
  await cleanSandbox(client, environment())
  forgetCommands()
  forgetViolations()
}

export function adminClient(): Redis {
  return required(admin)
}
