import type { Change, KeyState } from '../../../recording/index.ts'
import { timeOfTest } from '../test-clock.ts'
import type { ForeignCommand } from './foreign.ts'
import type { KeyReader } from './key-reader.ts'
import { KeyWatch } from './key-watch.ts'
import { nextMoment } from './moments.ts'
import { OneKeySpace } from './one-key-space.ts'
import type { Logged, LoggedCommand } from './step-log.ts'

/** A server whose keys can be read. */
export interface WatchedServer {
  /** `host:port` */
  readonly address: string
  readonly reader: KeyReader
  /** The address, if it's one of several nodes. */
  readonly node?: string | undefined
  /** Replies get lost on the way from there. */
  readonly isLossy?: boolean
}

/** What a finished test did. */
export interface RecordedTest {
  readonly log: readonly Logged[]
  readonly before: readonly KeyState[]
  readonly after: readonly KeyState[]
}

/** The learner's code may replace the globals later. */
const now = performance.now.bind(performance)
const timeOfDay = Date.now.bind(Date)

/** Maximum number of further looks, because a test may never stop sending. */
const MOST_LOOKS = 5

/** One test, or one round of a race, while it's recorded. */
export class TestLog {
  readonly log: Logged[] = []
  /** The check held a command in it. */
  isHeld = false
  /** What the suite's own clients have sent. */
  readonly foreign: ForeignCommand[] = []
  /** By address. */
  readonly #watches = new Map<string, KeyWatch>()
  readonly #keys = new OneKeySpace()
  /** How many of the foreign commands had been sent at the last look. */
  readonly #looked = new Map<KeyWatch, number>()
  /** Addresses of servers that were started again since. */
  readonly #restarted = new Set<string>()

  watchOf({ address, reader, node }: WatchedServer): KeyWatch {
    const known = this.#watches.get(address)
    if (known !== undefined) return known
    const watch = new KeyWatch(reader)
    this.#watches.set(address, watch)
    this.#keys.add(watch, node !== undefined)
    return watch
  }

  /** What has changed on one server since the last look. */
  async look(watch: KeyWatch, keys: readonly string[] | 'all'): Promise<readonly Change[]> {
    return this.#keys.changes(watch, await watch.look(keys))
  }

  get addresses(): readonly string[] {
    return [...this.#watches.keys()]
  }

  /** The test published something last, and no command followed. */
  get endsWithMessage(): boolean {
    const last = this.log.at(-1)
    return last?.kind === 'message' && last.from === undefined
  }

  get recorded(): RecordedTest {
    return { log: this.log, ...this.#keys.states }
  }

  /** What the restart of a server changed shows when the next command goes there. */
  server(address: string, cause: 'killed' | 'restarted'): void {
    if (cause === 'restarted') this.#restarted.add(address)
    else this.log.push({ kind: 'server', cause, changes: [], ...thisMoment() })
  }

  message(
    caller: LoggedCommand['command'],
    channel: string,
    text: string,
    from: LoggedCommand | undefined,
  ): void {
    this.log.push({
      kind: 'message',
      caller: caller.caller,
      client: caller.client,
      channel,
      text,
      from,
      ...thisMoment(),
    })
  }

  /**
   * Finds out what happened to a server's keys since the last look that no command of the learner's did, and reads
   * those that the next command names. `woke` collects the parked commands that are answered meanwhile.
   */
  async lookAround(address: string, keys: readonly string[], woke: LoggedCommand[]): Promise<void> {
    const watch = this.#watches.get(address)
    if (watch === undefined) return
    const from = this.#looked.get(watch) ?? 0
    let until = this.foreign.length
    const hasRestarted = this.#restarted.delete(address)
    const isFirst = !watch.begun
    this.#looked.set(watch, until)
    await watch.learn(keys)
    if (isFirst || (from === until && !watch.expires && !hasRestarted)) return
    const changes = [...(await this.look(watch, 'all'))]
    // The look may have seen only some of what was sent during it.
    for (let times = 0; times < MOST_LOOKS && this.foreign.length > until; times += 1) {
      until = this.foreign.length
      changes.push(...(await this.look(watch, 'all')))
    }
    this.#looked.set(watch, until)
    const foreign = this.foreign.slice(from, until)
    const [first] = foreign
    const expired = changes.filter((change) => hasExpired(change))
    const others = changes.filter((change) => !hasExpired(change))
    // An expiry is listed before what the test sent, so it can't be later.
    const since = first && { at: first.sentAt }
    if (expired.length > 0)
      this.log.push({ kind: 'server', cause: 'expired', changes: expired, ...thisMoment(), ...since })
    if (hasRestarted) this.log.push({ kind: 'server', cause: 'restarted', changes: others, ...thisMoment() })
    else if (others.length > 0 || woke.length > 0)
      this.#insert({ kind: 'check', sent: foreign, changes: others, woke, ...thisMoment(), ...since })
  }

  /** Before the messages that it published, which have arrived by now. */
  #insert(one: Extract<Logged, { readonly kind: 'check' }>): void {
    const since = one.sent[0]?.sent ?? Number.POSITIVE_INFINITY
    const arrived = this.log.findIndex(({ kind, answered = 0 }) => kind === 'message' && answered > since)
    this.log.splice(arrived === -1 ? this.log.length : arrived, 0, one)
  }
}

function thisMoment() {
  return { at: now(), answered: nextMoment() }
}

function hasExpired(change: Change): boolean {
  if (change.type !== 'key' || change.after !== null || change.before?.pttl === undefined) return false
  return change.before.pttl <= timeOfDay() - timeOfTest()
}
