import type { Redis } from 'ioredis'
import { saysBusy } from './condition.ts'
import { isScriptUnanswered, thisTurn, usualLatency } from './traffic.ts'

/** A server that is pinged regularly. */
export interface Pulse {
  /** Its silence is on purpose from now on, or no longer is. */
  expectSilence(expected: boolean): void
  forget(): void
}

export interface Heart {
  readonly client: Redis
  silenceExpected: boolean
  asked: boolean
  answered: boolean
  /** Connections to it have closed since its last reply. */
  refuses: boolean
  /** It replies that a script keeps it busy. */
  busy: boolean
  /** The turn in which its last reply was asked for. */
  askedIn: number
  /** Ticks in a row without an answer. */
  late: number
}

/**
 * Number of replies of which the fastest counts as a slow server's latency: later ones may have waited for this
 * process.
 */
const ROUND_TRIPS = 20
/** How long a server is busy with a script, in ticks, until there's no point in waiting for it. */
export const BUSY = 100

const hearts = new Set<Heart>()
/** The latest latencies, in milliseconds. */
const roundTrips: number[] = []
/** The learner's code may replace the global later. */
const now = performance.now.bind(performance)
const asking = new WeakSet<Heart>()

/** Keeps pinging the server at the other end of one of the kit's own clients. */
export function keepPulse(client: Redis): Pulse {
  const heart: Heart = {
    client,
    silenceExpected: false,
    asked: false,
    answered: false,
    refuses: false,
    busy: false,
    askedIn: 0,
    late: 0,
  }
  client.on('error', () => {})
  // Behind a proxy, a connection to nothing opens, and closes at once.
  client.on('close', () => {
    heart.refuses = true
  })
  hearts.add(heart)
  return {
    expectSilence(expected) {
      heart.silenceExpected = expected
      heart.late = 0
    },
    forget: () => void hearts.delete(heart),
  }
}

/** Asks all servers for another reply; those whose silence isn't on purpose, with how long each has been silent. */
export function beat(): readonly Heart[] {
  const watched = [...hearts].filter(({ silenceExpected }) => !silenceExpected)
  for (const heart of watched) {
    heart.late = heart.answered || !heart.asked ? 0 : heart.late + 1
    heart.answered = false
    heart.asked = true
    ask(heart)
  }
  return watched
}

/** The servers that owe an answer. */
export function lateHearts(): readonly Heart[] {
  return [...hearts].filter(({ late }) => late > 0)
}

/** Silence is counted from zero again. */
export function forgetLate(): void {
  for (const heart of hearts) heart.late = 0
}

/**
 * A script of the learner's keeps Redis busy, as Redis itself says. If it said so before it got the script, someone
 * else's was running.
 */
export function isBusyWithScript(): boolean {
  return [...hearts].some(({ busy, askedIn }) => busy && isScriptUnanswered(askedIn))
}

/** Redis is silent, and has had a script of the learner's for at least a tick. */
export function isSilentInScript(): boolean {
  return isScriptUnanswered(thisTurn() - 1) && [...hearts].some(({ late }) => late > 0)
}

function ask(heart: Heart): void {
  if (asking.has(heart)) return
  asking.add(heart)
  const before = now()
  const turn = thisTurn()
  const done = (error?: Error) => {
    asking.delete(heart)
    heart.askedIn = turn
    heart.busy = saysBusy(error)
    // A server that refuses everything for a while is as good as silent; any other reply shows that it's alive.
    heart.answered = !heart.busy && !/^LOADING|closed|ECONN|retries/i.test(error?.message ?? '')
    if (!heart.answered) return
    heart.refuses = false
    roundTrips.push(now() - before)
    if (roundTrips.length > ROUND_TRIPS) roundTrips.shift()
  }
  heart.client.ping().then(() => done(), done)
}

/** Whether the silence of the server at the other end of this client is on purpose. */
export function isSilentOnPurpose({ options }: Redis): boolean {
  return [...hearts].some(
    ({ client, silenceExpected }) => silenceExpected && client.options.port === options.port,
  )
}

/** How long a reply takes, in milliseconds. */
export function slowness(): number {
  return Math.max(roundTrips.length === 0 ? 0 : Math.min(...roundTrips), usualLatency())
}
