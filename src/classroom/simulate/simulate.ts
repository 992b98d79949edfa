import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EventsReply, type Joined, paths, type SendEvents } from '../api.ts'
import { ClassUnreachableError } from '../errors.ts'
import { request } from '../member/request.ts'
import { readExport } from '../read-export.ts'
import { type FollowedAttempts, followAttempts, HubGoneError } from './follow-attempts.ts'

export interface SimulateOptions {
  /** The hubs of one class: learners are spread over them, and the first one's stream is followed. */
  readonly hubs: readonly string[]
  readonly secret: string
  readonly joinCode: string
  /** A lesson of the class. */
  readonly slug: string
  readonly learners: number
  /** How long they work. */
  readonly seconds: number
  /** Interval between checks of a learner, in seconds; default: 10. */
  readonly pause?: number
  /** How long a hub may be gone, in milliseconds; default: not at all. */
  readonly timeoutMs?: number
  /** What happens in the middle. */
  readonly halfway?: () => Promise<void>
}

export interface Simulated {
  readonly learners: number
  /** Events that the learners had, each once. */
  readonly sent: number
  /** Events that the class has in the end. */
  readonly stored: number
  /** How many of them it has more than once. */
  readonly storedTwice: number
  /** Events that came again, and counted once. */
  readonly duplicates: number
  readonly lost: number
  /** From sending a check to seeing it on the dashboard. */
  readonly medianMs: number
  readonly p99Ms: number
}

/** How many of a hundred batches are sent twice, as after a lost reply. */
const AGAIN = 5
/** Time for everyone to arrive (ms). */
const LAST = 30_000

/**
 * Simulates a class against real hubs over HTTP: everyone joins, and checks now and then. Rejects with HubGoneError.
 */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const [hub = ''] = options.hubs
  const attempts = await followAttempts(hub, options.secret, options.slug, options.timeoutMs)
  try {
    return await Promise.race([play(options, hub, attempts), attempts.broken])
  } catch (error) {
    // Senders also notice a hub that's gone.
    throw error instanceof ClassUnreachableError ? new HubGoneError(error.address) : error
  } finally {
    attempts.close()
  }
}

async function play(options: SimulateOptions, hub: string, attempts: FollowedAttempts): Promise<Simulated> {
  const { hubs, secret, joinCode, slug, learners, seconds, pause = 10, timeoutMs = 0, halfway } = options
  const giveUp = new AbortController()
  try {
    const members = await inTurns(learners, async (index) => {
      const address = hubs[index % hubs.length] ?? hub
      const body = { code: joinCode, name: `Learner ${index + 1}`, share: false }
      // With the secret, as the instructor's own program, nobody waits for their turn.
      const joined = await request<Joined>({ address, token: secret, timeoutMs: 30_000 }, paths.join, body)
      return new SimulatedLearner(address, joined, slug, timeoutMs, attempts.expect)
    })
    const deadline = performance.now() + seconds * 1_000
    const middle = sleep(seconds * 500, undefined, { signal: giveUp.signal }).then(halfway)
    middle.catch(() => {}) // it's awaited once everyone has worked
    await Promise.all(members.map((member) => member.work(deadline, pause * 1_000)))
    await middle
    await Promise.race([attempts.allSeen(), sleep(LAST, undefined, { signal: giveUp.signal })])
    let stored = 0
    const ids = new Set<string>()
    for await (const part of readExport(hub, secret)) {
      if (part.kind !== 'participant') continue
      stored += part.attempts.length
      for (const { eventId } of part.attempts) ids.add(eventId)
    }
    const sent = members.reduce((sum, member) => sum + member.sent, 0)
    const duplicates = members.reduce((sum, member) => sum + member.duplicates, 0)
    const times = [...attempts.times].sort((a, b) => a - b)
    const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0)
    const counts = { sent, stored, storedTwice: stored - ids.size, duplicates, lost: sent - ids.size }
    return { learners, ...counts, medianMs: at(0.5), p99Ms: at(0.99) }
  } finally {
    giveUp.abort()
  }
}

class SimulatedLearner {
  sent = 0
  duplicates = 0
  readonly #address: string
  readonly #joined: Joined
  readonly #slug: string
  readonly #timeoutMs: number
  readonly #expect: (learner: string, attempt: number) => void
  readonly #logId = randomUUID()

  constructor(
    address: string,
    joined: Joined,
    slug: string,
    timeoutMs: number,
    expect: (learner: string, attempt: number) => void,
  ) {
    this.#address = address
    this.#joined = joined
    this.#slug = slug
    this.#timeoutMs = timeoutMs
    this.#expect = expect
  }

  /** Checks now and then until the deadline; `pause` in milliseconds. */
  async work(deadline: number, pause: number): Promise<void> {
    await sleep(Math.random() * pause)
    while (performance.now() < deadline) {
      const body = this.#nextCheck()
      this.#expect(this.#joined.learner, this.sent)
      await this.#send(body)
      if (Math.random() * 100 < AGAIN) await this.#send(body)
      await sleep(Math.min(pause * (0.5 + Math.random()), Math.max(0, deadline - performance.now())))
    }
  }

  #nextCheck(): SendEvents {
    this.sent += 1
    const n = this.sent
    const now = new Date().toISOString()
    const task = `task ${1 + (n % 3)}`
    const payload = {
      target: 'workspace',
      redis: 'binary',
      ms: 120,
      tasks: [{ task, state: 'failed' }],
      task,
      diagnosis: `The check and the append are two commands: ${n % 4}.`,
    }
    const envelope = {
      eventId: randomUUID(),
      timestamp: now,
      eventType: 'CHECK_FAILED',
      entityId: this.#slug,
    }
    const event = { ...envelope, payload, metadata: {}, logId: this.#logId, n }
    return { logId: this.#logId, after: n - 1, events: [event], now }
  }

  /** Retries until it arrives, as the real sender does. */
  async #send(body: SendEvents): Promise<void> {
    const to = { address: this.#address, token: this.#joined.token, timeoutMs: 30_000 }
    const deadline = performance.now() + this.#timeoutMs
    for (let tries = 0; tries < 20 || performance.now() < deadline; tries += 1) {
      const reply = await request<EventsReply>(to, paths.events, body).catch(() => undefined)
      if (reply?.kind === 'stored') {
        this.duplicates += reply.duplicates
        return
      }
      await sleep(200)
    }
  }
}

/** A few at a time: a real class doesn't join in the same millisecond either. */
async function inTurns<T>(count: number, make: (index: number) => Promise<T>): Promise<readonly T[]> {
  const all: T[] = []
  for (let from = 0; from < count; from += 20) {
    const some = Array.from({ length: Math.min(20, count - from) }, (_, index) => make(from + index))
    all.push(...(await Promise.all(some)))
  }
  return all
}
