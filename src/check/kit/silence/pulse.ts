import { killScripts } from '../endless/kill-scripts.ts'
import { BUSY, beat, forgetLate, type Heart, isSilentOnPurpose, lateHearts, slowness } from './hearts.ts'
import { isScriptUnanswered, nextTurn, owedFor } from './traffic.ts'

/** News about the servers while a check runs. */
export type RedisNews =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'back' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** There's no point in waiting any longer. */
  | { readonly kind: 'lost'; readonly how: 'silent' | 'gone' | 'busy' }

const TICK_MS = 100
/** Maximum latency of a server that isn't slow (ms). */
const QUICK_MS = 10
/** Latency above which a server is reported as slow (ms): below that, it may as well be the machine. */
const SLOW_MS = 50
/** Minimum speed of the clock of the learner's code, as a share, so that a promise that never settles gets to its end. */
const SLOWEST = 0.2
/**
 * The same for code that's at work: with a Redis that takes half a second for each reply, the time limit allows just
 * as many commands as with a quick one.
 */
const SLOWEST_AT_WORK = 0.02
/** Silence after which the clock of the learner's code stops, in ticks. */
const STANDSTILL = 3
/** Silence after which it's reported, in ticks: within a second, including the tick that it takes to ask. */
const TOLD = 8
/** How long a single reply may be missing before it counts as silence, in ticks, while the server answers others. */
const OWED = 20
/** Maximum wait for a server, in ticks. */
const LOST = 450
/** The same when nothing listens there any more. BUSY is the same for a script that isn't the learner's. */
const GONE = 10
/** Maximum wait for Redis to answer after its scripts were killed (ms): a busy machine takes a while. */
const ENDS = 10_000
/** The same for a Redis that runs nothing else until the script ends. */
const ENDS_UNTOLD = 1_000
/** Interval in ticks between repeats of news that continue, so that the check doesn't look dead. */
const AGAIN = 50

type Pass = (ms: number, atWork: number) => void

const clocks = new Set<Pass>()
const listeners = new Set<(news: RedisNews) => void>()
let timer: NodeJS.Timeout | undefined
/** Ticks so far in which some server owed an answer. */
let silent = 0
let told = false
let silences = 0
let silencesInScripts = 0
let sinceNews = 0

/**
 * Calls back about ten times a second with the milliseconds that have passed on the clock of the learner's code. That
 * clock stops while Redis owes an answer, and slows down with a slow Redis. It counts ticks and not time, because on
 * a busy machine ticks come late too, and nothing is given up too early. `atWork` is for limits on code that sends
 * one command after another: however slow Redis is, it passes as slowly.
 */
export function everyTick(pass: Pass): () => void {
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

async function endAll(timeoutMs: number): Promise<void> {
  if (told) silencesInScripts -= 1 // the silence wasn't the server's fault
  await Promise.all(
    lateHearts().map(async (heart) => {
      if (await killScripts(heart.client, timeoutMs)) {
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
    forgetLate()
    silent = 0
    told = false
    sinceNews = 0
  }
}

function tick(): void {
  if (timer === undefined) return
  nextTurn()
  const watched = beat()
  silent = Math.max(0, ...watched.map(({ late }) => late), owedFor(OWED, isSilentOnPurpose))
  const ms = slowness()
  const share = Math.min(1, QUICK_MS / ms)
  tell(watched, ms)
  const stopped = silent >= STANDSTILL || machineAtWork > 0
  const speed = (slowest: number) => (stopped ? 0 : TICK_MS * Math.max(slowest, share))
  for (const advance of clocks) advance(speed(SLOWEST), speed(SLOWEST_AT_WORK))
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
