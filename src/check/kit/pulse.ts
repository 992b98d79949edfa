import type { Redis } from 'ioredis'
import { saysBusy } from './condition.ts'
import { killScripts } from './kill-scripts.ts'
import { isScriptUnanswered, nextTurn, owedFor, thisTurn, usualLatency } from './traffic.ts'

/** News about the servers while a check runs. */
export type RedisNews =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'back' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** There's no point in waiting any longer. */
  | { readonly kind: 'lost'; readonly how: 'silent' | 'gone' | 'busy' }

/** A server that is pinged regularly. */
export interface Pulse {
  /** Its silence is on purpose from now on, or no longer is. */
  expectSilence(expected: boolean): void
  forget(): void
}

interface Heart {
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

const TICK_MS = 100
/** Maximum latency of a server that isn't slow (ms). */
const QUICK_MS = 10
/** Latency above which a server is reported as slow (ms): below that, it may as well be the machine. */
const SLOW_MS = 50
/**
 * Number of replies of which the fastest counts as a slow server's latency: later ones may have waited for this
 * process.
 */
const ROUND_TRIPS = 20
/** Minimum speed of the clock of the learner's code, as a share, so that an endless loop gets to its end. */
const SLOWEST = 0.2
/** Silence after which the clock of the learner's code stops, in ticks. */
const STANDSTILL = 3
/** Silence after which it's reported, in ticks: within a second, including the tick that it takes to ask. */
const TOLD = 8
/** How long a single reply may be missing before it counts as silence, in ticks, while the server answers others. */
const OWED = 20
/** Maximum wait for a server, in ticks. */
const LOST = 450
/** The same when nothing listens there any more, and when it's busy with a script that isn't the learner's. */
const GONE = 10
const BUSY = 100
/** Maximum wait for Redis to answer after its scripts were killed (ms): a busy machine takes a while. */
const ENDS = 10_000
/** The same for a Redis that runs nothing else until the script ends. */
const ENDS_UNTOLD = 1_000
/** Interval in ticks between repeats of news that continue, so that the check doesn't look dead. */
const AGAIN = 50

const hearts = new Set<Heart>()
/** The latest latencies, in milliseconds. */
const roundTrips: number[] = []
const clocks = new Set<(ms: number) => void>()
const listeners = new Set<(news: RedisNews) => void>()
/** The learner's code may replace the global later. */
const now = performance.now.bind(performance)
let timer: NodeJS.Timeout | undefined
/** Ticks so far in which some server owed an answer. */
let silent = 0
let told = false
let silences = 0
let silencesInScripts = 0
let sinceNews = 0

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

/**
 * Calls back about ten times a second with the milliseconds that have passed on the clock of the learner's code. That
 * clock stops while Redis owes an answer, and slows down with a slow Redis. It counts ticks and not time, because on
 * a busy machine ticks come late too, and nothing is given up too early.
 */
export function everyTick(pass: (ms: number) => void): () => void {
  return join(clocks, pass)
}

/** How many things the check has asked of the machine that aren't done yet. */
let machineAtWork = 0

/** Stops the clock of the learner's code until `work` has settled: how long a server takes to start or die depends on the machine. */
export async function offTheClock<T>(work: Promise<T>): Promise<T> {
  machineAtWork += 1
  try {
    return await work
  } finally {
    machineAtWork -= 1
  }
}

/** Subscribes to news about servers that don't answer; see RedisNews. */
export function onRedisNews(hear: (news: RedisNews) => void): () => void {
  return join(listeners, hear)
}

/**
 * How often, so far, some server was silent long enough to be reported, not counting silences in which a script of
 * the learner's ran.
 */
export function silencesSoFar(withScripts: boolean): number {
  return withScripts ? silences + silencesInScripts : silences
}

/** Resolves after so many milliseconds on the clock of the learner's code. */
export async function pauseOnClock(ms: number): Promise<void> {
  let passed = 0
  await new Promise<void>((resolve) => {
    const stop = everyTick((more) => {
      passed += more
      if (passed < ms) return
      stop()
      resolve()
    })
  })
}

/**
 * A script of the learner's keeps Redis busy, as Redis itself says or, where it can't, as its silence shows. If
 * Redis said so before it got the script, someone else's was running.
 */
export function isBusyWithScript(canSay: boolean): boolean {
  return [...hearts].some(({ busy, askedIn, late }) =>
    canSay ? busy && isScriptUnanswered(askedIn) : late >= BUSY && isScriptUnanswered(thisTurn() - BUSY),
  )
}

let spoiled = false
/** In progress while the learner's scripts are killed: until then no one else's script keeps Redis busy. */
let ending: Promise<void> | undefined

/** True after one of the learner's scripts couldn't be killed: this Redis can't be used for checks anymore. */
export function isSpoiled(): boolean {
  return spoiled
}

/**
 * Kills the learner's scripts, and resolves when Redis answers again or the wait is over. Redis doesn't kill a script
 * that has written. A Redis that can't report that it's busy (`canSay`) can't kill scripts either.
 */
export function endScripts(canSay: boolean): Promise<void> {
  ending ??= endAll(canSay ? ENDS : ENDS_UNTOLD).finally(() => {
    ending = undefined
  })
  return ending
}

async function endAll(patience: number): Promise<void> {
  if (told) silencesInScripts -= 1 // the silence wasn't the server's fault
  const late = [...hearts].filter((heart) => heart.late > 0)
  await Promise.all(
    late.map(async (heart) => {
      if (await killScripts(heart.client, patience)) {
        heart.busy = false
        heart.late = 0
        heart.answered = true
      } else spoiled = true
    }),
  )
}

function join<T>(all: Set<T>, one: T): () => void {
  all.add(one)
  // Runs when all replies that have arrived are read: a tick that comes late must not count them as missing.
  timer ??= setInterval(() => setImmediate(tick), TICK_MS).unref()
  return () => {
    all.delete(one)
    if (clocks.size + listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
    for (const heart of hearts) heart.late = 0
    silent = 0
    told = false
    sinceNews = 0
  }
}

function tick(): void {
  if (timer === undefined) return
  nextTurn()
  const watched = [...hearts].filter(({ silenceExpected }) => !silenceExpected)
  for (const heart of watched) {
    heart.late = heart.answered || !heart.asked ? 0 : heart.late + 1
    heart.answered = false
    heart.asked = true
    ask(heart)
  }
  silent = Math.max(0, ...watched.map(({ late }) => late), owedFor(OWED, isSilentOnPurpose))
  const ms = slowness()
  const share = Math.max(SLOWEST, Math.min(1, QUICK_MS / ms))
  tell(watched, ms)
  const stopped = silent >= STANDSTILL || machineAtWork > 0
  for (const advance of clocks) advance(stopped ? 0 : TICK_MS * share)
}

const asking = new WeakSet<Heart>()

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

function isSilentOnPurpose({ options }: Redis): boolean {
  return [...hearts].some(
    ({ client, silenceExpected }) => silenceExpected && client.options.port === options.port,
  )
}

/** How long a reply takes, in milliseconds. */
function slowness(): number {
  return Math.max(roundTrips.length === 0 ? 0 : Math.min(...roundTrips), usualLatency())
}

function tell(watched: readonly Heart[], ms: number): void {
  const say = (news: RedisNews) => {
    sinceNews = 0
    for (const hear of listeners) hear(news)
  }
  sinceNews += 1
  if (!told && silent >= TOLD) {
    told = true
    if (isScriptUnanswered()) silencesInScripts += 1
    else silences += 1
    say({ kind: 'waiting' })
  } else if (told && silent === 0) {
    told = false
    say({ kind: 'back' })
  } else if (sinceNews >= AGAIN && told) say({ kind: 'waiting' })
  else if (sinceNews >= AGAIN && ms > SLOW_MS) say({ kind: 'slow', ms: Math.round(ms) })
  if (watched.some(({ refuses, late }) => refuses && late >= GONE)) say({ kind: 'lost', how: 'gone' })
  else if (ending === undefined && watched.some(({ busy, late }) => busy && late >= BUSY))
    say({ kind: 'lost', how: 'busy' })
  else if (silent >= LOST) say({ kind: 'lost', how: 'silent' })
}
