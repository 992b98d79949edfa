import type { Redis } from 'ioredis'
import type { Change, KeyState } from '../../recording/index.ts'
import { blockingOf } from './blocking.ts'
import { wasCut } from './connections.ts'
import type { SentCommand } from './context.ts'
import type { KeyReader } from './key-reader.ts'
import { KeyWatch } from './key-watch.ts'
import { nextMoment } from './moments.ts'
import { isReadOnly, isScript } from './read-only.ts'
import { timeOfTest } from './recording.ts'
import { showCommand } from './show.ts'
import type { Logged, LoggedCommand } from './step-log.ts'
import { usualLatency } from './traffic.ts'

type Command = Parameters<typeof Redis.prototype.sendCommand>[0]

/** How long a command may keep all others waiting for its reply (ms), beyond the usual time. */
const LATE_MS = 300
/** Round trips after which Redis has received what was written before them on another connection. */
const TRIPS = 3
/** Commands in one test after which nothing more is recorded: a loop that doesn't end. */
const MOST_COMMANDS = 10_000
/** The learner's code may replace the globals later. */
const later = setTimeout
const never = clearTimeout
const now = performance.now.bind(performance)
const timeOfDay = Date.now.bind(Date)

/** A server whose keys can be read. */
export interface WatchedServer {
  /** `host:port` */
  readonly address: string
  readonly reader: KeyReader
  /** The address, if it's one of several nodes. */
  readonly node?: string | undefined
}

interface Turn {
  readonly client: Redis
  readonly command: Command
  readonly record: SentCommand
  readonly go: () => unknown
}

/** What waits in line: a command, something to note in the recording, or a look at the keys, which goes first. */
type Job = Turn | { readonly client: Redis; readonly note: () => void } | (() => Promise<void>)

/** Collects what happens while something is at work, and delivers the replies when its changes are known. */
interface Window {
  readonly entry: LoggedCommand | undefined
  readonly woken: LoggedCommand[]
  readonly deliveries: (() => void)[]
  ended(end: 'answered' | 'closed'): void
}

interface TestLog {
  readonly log: Logged[]
  /** By address. */
  readonly watches: Map<string, KeyWatch>
  held: boolean
  /** What the suite's own clients have sent. */
  readonly foreign: string[]
  /** How many of those had been sent at the last look. */
  readonly looked: Map<KeyWatch, number>
  /** Addresses of servers that were started again since. */
  readonly restarted: Set<string>
}

interface Look {
  readonly watch: KeyWatch
  readonly address: string
  readonly test: TestLog
  readonly woke: LoggedCommand[]
  readonly deliveries: (() => void)[]
}

export interface RecordedTest {
  readonly log: readonly Logged[]
  readonly before: readonly KeyState[]
  readonly after: readonly KeyState[]
}

/**
 * Lets one command of the learner's code be on its way at a time, over all connections, and reads what it changed
 * before the next one goes. So the order is true by construction. Commands that block leave the gate when they're
 * sent.
 */
export class Gate {
  readonly #serverOf: (client: Redis) => WatchedServer | undefined
  readonly #queue: Job[] = []
  #window: Window | undefined
  #isAtWork = false
  #lastClient: Redis | undefined
  /** Sent, and no longer waited for. */
  readonly #open = new Map<SentCommand, LoggedCommand>()
  readonly #listening = new WeakSet<Redis>()
  #test: TestLog = newTest()
  /** The latest round of a race in which the check held a command. */
  #heldTest: TestLog | undefined

  /** `serverOf` is the server that a client is connected to; undefined for one whose keys aren't read. */
  constructor(serverOf: (client: Redis) => WatchedServer | undefined) {
    this.#serverOf = serverOf
  }

  /** Sends the command when it's its turn. */
  send(turn: Turn): unknown {
    // On a connection that isn't open yet it's queued by ioredis, and comes here again.
    if (turn.client.status !== 'ready') return turn.go()
    this.#queue.push(turn)
    void this.#work()
    return turn.command.promise
  }

  /** The reply of a command has been read; `deliver` hands it to the code that waits for it. */
  answered(record: SentCommand, deliver: () => void): void {
    const window = this.#window
    const opened = this.#open.get(record)
    if (opened !== undefined) {
      this.#open.delete(record)
      fill(opened, record)
      const hasWoken = opened.fate === 'parked' && record.reply !== null && record.reply !== undefined
      if (opened.fate === 'open') Object.assign(opened, { fate: 'answered', about: true })
      if (window !== undefined) {
        if (hasWoken) window.woken.push(opened)
        window.deliveries.push(deliver)
      } else if (hasWoken && this.#test.foreign.length > 0) {
        this.#queue.unshift(() => this.#lookAround([opened], deliver))
        void this.#work()
      } else deliver()
    } else if (window?.entry?.command === record) {
      window.deliveries.push(deliver)
      window.ended('answered')
    } else deliver()
  }

  /** One of the suite's own clients sends a command. */
  foreign(name: string, args: readonly string[]): void {
    if (!isReadOnly(name)) this.#test.foreign.push(showCommand(name, args))
  }

  /** The check killed a server or started it again; what that changed shows when the next command goes there. */
  server(address: string, cause: 'killed' | 'restarted'): void {
    if (cause === 'killed')
      this.#test.log.push({ kind: 'server', cause, at: now(), answered: nextMoment(), changes: [] })
    else this.#test.restarted.add(address)
  }

  /** Notes a command that will never be sent, or that was refused, after those that were issued before it. */
  unsent(client: Redis, record: SentCommand, fate: 'unsent' | 'refused'): void {
    const { log } = this.#test
    const note = () => void log.push({ kind: 'command', command: record, fate, changes: [], woke: [] })
    this.#queue.push({ client, note })
    void this.#work()
  }

  /** Everything begins again: the next test, or the next round of a race. */
  reset(): void {
    if (this.#test.held) this.#heldTest = this.#test
    this.#test = newTest()
    this.#open.clear()
  }

  /** A new test: nothing that was recorded before counts. */
  begin(): void {
    this.reset()
    this.#heldTest = undefined
  }

  /** What was recorded of the test: its last round or, if it passed, the last one in which the check held a command. */
  recorded(passed: boolean): RecordedTest {
    const { log, watches } = (passed ? this.#heldTest : undefined) ?? this.#test
    const states = [...watches.values()].map((watch) => watch.states)
    return {
      log,
      before: byKey(states.flatMap(({ before }) => before)),
      after: byKey(states.flatMap(({ after }) => after)),
    }
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return
    this.#isAtWork = true
    for (let next = this.#next(); next !== undefined; ) {
      const deliveries: (() => void)[] = []
      if (typeof next === 'function') await next()
      else if ('note' in next) next.note()
      else await this.#take(next, deliveries)
      for (const deliver of deliveries) deliver()
      // At once, before the code that got a reply continues: what's here now from the same connection was sent without
      // waiting for it.
      next = this.#next()
    }
    this.#isAtWork = false
  }

  #next(): Job | undefined {
    const isUrgent = typeof this.#queue[0] === 'function'
    const at = isUrgent
      ? 0
      : this.#queue.findIndex((one) => typeof one !== 'function' && one.client === this.#lastClient)
    const [next] = this.#queue.splice(Math.max(at, 0), 1)
    this.#lastClient = typeof next === 'function' ? undefined : next?.client
    return next
  }

  async #take(turn: Turn, deliveries: (() => void)[]): Promise<void> {
    const { client, command, record, go } = turn
    const test = this.#test
    if (record.held === true) test.held = true
    const server = test.log.length < MOST_COMMANDS ? this.#serverOf(client) : undefined
    const watch = server && watchOf(server, test)
    if (server !== undefined && watch !== undefined)
      await this.#before({ watch, test, deliveries, woke: [], address: server.address }, keysOf(command))
    const { node } = server ?? {}
    const entry: LoggedCommand = {
      kind: 'command',
      command: record,
      fate: 'open',
      changes: [],
      woke: [],
      node,
    }
    let ended: Window['ended'] = () => {}
    const reply = new Promise<'answered' | 'closed'>((resolve) => {
      ended = resolve
    })
    this.#window = { entry, woken: entry.woke, deliveries, ended }
    test.log.push(entry)
    const onClose = () => ended('closed')
    client.once('close', onClose)
    go()
    if (record.sent === undefined && record.answered === undefined) {
      // The connection has broken since: ioredis keeps the command, and sends it again.
      test.log.splice(test.log.indexOf(entry), 1)
    } else {
      Object.assign(entry, { sent: record.sent, sentAt: record.sentAt })
      const patience = this.#patience(record, watch)
      const end = await Promise.race([reply, patience.ended])
      patience.stop()
      await this.#after(end, turn, entry, watch)
    }
    client.off('close', onClose)
    this.#window = undefined
  }

  /** Finds out what happened since the last look that no command of the learner's did. */
  async #before({ watch, address, test, woke, deliveries }: Look, keys: readonly string[]): Promise<void> {
    const foreign = test.foreign.slice(test.looked.get(watch) ?? 0)
    const hasRestarted = test.restarted.delete(address)
    const isFirst = !watch.begun
    test.looked.set(watch, test.foreign.length)
    await watch.learn(keys)
    if (isFirst || (foreign.length === 0 && !watch.expires && !hasRestarted)) return
    this.#window = { entry: undefined, woken: woke, deliveries, ended() {} }
    const changes = await watch.look('all')
    this.#window = undefined
    const common = { at: now(), answered: nextMoment() }
    const expired = changes.filter((change) => hasExpired(change))
    const others = changes.filter((change) => !hasExpired(change))
    if (expired.length > 0) test.log.push({ kind: 'server', cause: 'expired', changes: expired, ...common })
    if (others.length === 0 && woke.length === 0 && !hasRestarted) return
    if (hasRestarted) test.log.push({ kind: 'server', cause: 'restarted', changes: others, ...common })
    else test.log.push({ kind: 'check', what: whatWasSent(foreign), changes: others, woke, ...common })
  }

  async #after(
    end: 'answered' | 'closed' | 'open' | 'parked',
    { client, command, record }: Turn,
    entry: LoggedCommand,
    watch: KeyWatch | undefined,
  ): Promise<void> {
    switch (end) {
      case 'open':
      case 'parked':
        entry.fate = end
        this.#open.set(record, entry)
        return
      case 'closed':
        entry.fate = wasCut(client) ? 'cut' : 'lost'
        break
      case 'answered':
        fill(entry, record)
        entry.fate = endOf(record)
        if (/SUBSCRIBE$/.test(record.name)) this.#listen(client, record)
    }
    if (watch === undefined) return
    if (/^S?PUBLISH$/.test(record.name)) await watch.settle(TRIPS)
    else if (mayHaveChanged(entry)) entry.changes = await watch.look(this.#keysToLookAt(record, command))
  }

  /** A script may touch any key, and a command that wakes another changes what that one changes. */
  #keysToLookAt(record: SentCommand, command: Command): readonly string[] | 'all' {
    const keys = keysOf(command)
    const isCertain = keys.length > 0 && !isScript(record.name) && this.#open.size === 0
    return isCertain ? keys : 'all'
  }

  /** Resolves when it's time for other commands, though this one hasn't been answered. */
  #patience({ name, args }: SentCommand, watch: KeyWatch | undefined) {
    if (watch !== undefined && blockingOf(name, args) !== undefined) {
      return { ended: watch.settle(TRIPS).then(() => 'parked' as const), stop() {} }
    }
    let timer: NodeJS.Timeout | undefined
    const ended = new Promise<'open'>((resolve) => {
      timer = later(() => resolve('open'), LATE_MS + 10 * usualLatency()).unref()
    })
    return { ended, stop: () => never(timer) }
  }

  /** A command that was parked has been woken while nothing of the learner's was on its way. */
  async #lookAround(woken: LoggedCommand[], deliver: () => void): Promise<void> {
    const deliveries: (() => void)[] = []
    const test = this.#test
    for (const [address, watch] of test.watches) {
      const woke = woken.splice(0) // named once
      await this.#before({ watch, address, test, woke, deliveries }, [])
    }
    for (const one of [deliver, ...deliveries]) one()
  }

  #listen(client: Redis, { caller, client: number }: SentCommand): void {
    if (this.#listening.has(client)) return
    this.#listening.add(client)
    const note = (channel: string, text: string) => {
      const from = this.#window?.entry
      this.#test.log.push({
        kind: 'message',
        caller,
        client: number,
        channel,
        text,
        from,
        at: now(),
        answered: nextMoment(),
      })
    }
    client.prependListener('message', note)
    client.prependListener('smessage', note)
    client.prependListener('pmessage', (_pattern: string, channel: string, text: string) =>
      note(channel, text),
    )
  }
}

function newTest(): TestLog {
  return { log: [], watches: new Map(), held: false, foreign: [], looked: new Map(), restarted: new Set() }
}

function watchOf({ address, reader }: WatchedServer, { watches }: TestLog): KeyWatch {
  const watch = watches.get(address) ?? new KeyWatch(reader)
  watches.set(address, watch)
  return watch
}

function endOf({ error, sent }: SentCommand): LoggedCommand['fate'] {
  if (error === undefined || error.name === 'ReplyError') return 'answered'
  return sent === undefined ? 'unsent' : 'lost'
}

function fill(entry: LoggedCommand, { answered, answeredAt, reply, error }: SentCommand): void {
  Object.assign(entry, { answered, answeredAt, reply, error })
}

function mayHaveChanged({ command, fate, reply, error }: LoggedCommand): boolean {
  if (isReadOnly(command.name) || reply === 'QUEUED') return false
  return fate === 'lost' || fate === 'cut' || error === undefined || isScript(command.name)
}

function keysOf(command: Command): readonly string[] {
  try {
    return command.getKeys().map(String)
  } catch {
    return [] // a command that ioredis doesn't know
  }
}

function hasExpired(change: Change): boolean {
  if (change.type !== 'key' || change.after !== null || change.before?.pttl === undefined) return false
  return change.before.pttl <= timeOfDay() - timeOfTest()
}

function whatWasSent(commands: readonly string[]): string {
  const [only] = commands
  return commands.length === 1 ? `the test sends ${only}` : `the test sends ${commands.length} commands`
}

function byKey(states: readonly KeyState[]): readonly KeyState[] {
  return [...states].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}
