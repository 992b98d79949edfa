import type { Redis } from 'ioredis'
import { wasCut } from '../connections.ts'
import type { SentCommand } from '../context.ts'
import { turnLimit } from '../endless/turn-limit.ts'
import type { ForeignCommand } from '../recorder/foreign.ts'
import { hearMessages } from '../recorder/hear-messages.ts'
import type { KeyWatch } from '../recorder/key-watch.ts'
import type { LoggedCommand } from '../recorder/step-log.ts'
import { type RecordedTest, TestLog, type WatchedServer } from '../recorder/test-log.ts'
import { GateQueue } from './gate-queue.ts'
import {
  endOf,
  entryFor,
  fill,
  keysOf,
  keysToLookAt,
  mayHaveChanged,
  type Turn,
  type Window,
  withoutReply,
} from './turn.ts'

/** Round trips after which Redis has received what was written before them on another connection. */
const TRIPS = 3
/** Commands in one test after which changes aren't read anymore: a loop that doesn't end. */
const MOST_COMMANDS = 10_000

/**
 * Lets one command of the learner's code be on its way at a time, over all connections, and reads what it changed
 * before the next one goes. So the order is true by construction. Commands that block leave the gate when they're
 * sent.
 */
export class Gate {
  readonly #serverOf: (client: Redis) => WatchedServer | undefined
  readonly #queue = new GateQueue()
  #window: Window | undefined
  #isAtWork = false
  /** Sent, and no longer waited for. */
  readonly #open = new Map<SentCommand, LoggedCommand>()
  #test = new TestLog()
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
    const left = this.#open.get(record)
    const entry = window?.waiting.get(record)
    if (left !== undefined) this.#late(left, deliver)
    else if (window === undefined || entry === undefined) deliver()
    else {
      window.deliveries.push(deliver)
      window.waiting.delete(record)
      fill(entry)
      entry.fate = endOf(record)
      if (window.waiting.size === 0) window.ended('answered')
    }
  }

  /** One of the suite's own clients sends a command that may change something. */
  foreign(command: ForeignCommand): void {
    this.#test.foreign.push(command)
  }

  /** The check killed a server or started it again. */
  server(address: string, cause: 'killed' | 'restarted'): void {
    this.#test.server(address, cause)
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
    if (this.#test.isHeld) this.#heldTest = this.#test
    this.#test = new TestLog()
    this.#open.clear()
  }

  /** A new test: nothing that was recorded before counts. */
  begin(): void {
    this.reset()
    this.#heldTest = undefined
  }

  /** Resolves when it's known what the test published last, if no command of the learner's came after it. */
  async settled(): Promise<void> {
    if (!this.#test.endsWithMessage) return
    await new Promise<void>((resolve) => {
      this.#queue.urgently(() => this.#lookEverywhere([], resolve))
      void this.#work()
    })
  }

  /** What was recorded of the test: its last round or, if it passed, the last one in which the check held a command. */
  recorded(passed: boolean): RecordedTest {
    return ((passed ? this.#heldTest : undefined) ?? this.#test).recorded
  }

  async #work(): Promise<void> {
    if (this.#isAtWork) return
    this.#isAtWork = true
    for (let next = this.#queue.next(); next !== undefined; ) {
      const deliveries: (() => void)[] = []
      if (typeof next === 'function') await next()
      else if ('note' in next) next.note()
      else await this.#take(next, deliveries)
      for (const deliver of deliveries) deliver()
      // At once, before the code that got a reply continues: what's here now from the same connection was sent without
      // waiting for it.
      next = this.#queue.next()
    }
    this.#isAtWork = false
  }

  async #take(first: Turn, deliveries: (() => void)[]): Promise<void> {
    const { client } = first
    const test = this.#test
    const server = test.log.length < MOST_COMMANDS ? this.#serverOf(client) : undefined
    const watch = server && test.watchOf(server)
    if (server !== undefined) await this.#lookAround(test, server.address, keysOf(first), [], deliveries)
    let ended: Window['ended'] = () => {}
    const reply = new Promise<'answered' | 'closed'>((resolve) => {
      ended = resolve
    })
    const window: Window = { waiting: new Map(), woken: [], deliveries, ended }
    this.#window = window
    const onClose = () => ended('closed')
    client.once('close', onClose)
    const turns = [first, ...this.#queue.takeWith(first, server?.isLossy === true)]
    const sent = turns.map((turn) => this.#send(turn, test, window, server?.node))
    const [entry, last] = [sent[0], sent.at(-1)]
    if (entry !== undefined && last !== undefined) {
      Object.assign(last, { woke: window.woken })
      const limit = turnLimit(first.record, watch && (() => watch.settle(TRIPS)))
      const end = await Promise.race([reply, limit.ended])
      limit.stop()
      this.#close(end, turns, window)
      if (watch !== undefined && end !== 'open' && end !== 'parked')
        await this.#lookAt(
          turns,
          sent.filter((one) => one !== undefined),
          test,
          watch,
        )
    }
    client.off('close', onClose)
    this.#window = undefined
  }

  /** Returns undefined if the connection has broken since: ioredis keeps the command, and sends it again. */
  #send(turn: Turn, test: TestLog, window: Window, node: string | undefined): LoggedCommand | undefined {
    const { record, go } = turn
    if (record.held === true) test.isHeld = true
    const entry = entryFor(turn, node)
    window.waiting.set(record, entry)
    window.last = entry
    test.log.push(entry)
    go()
    if (record.sent === undefined && record.answered === undefined) {
      test.log.splice(test.log.indexOf(entry), 1)
      window.waiting.delete(record)
      return undefined
    }
    const { sent, sentAt } = record
    Object.assign(entry, { sent, sentAt })
    return entry
  }

  /** What hasn't been answered by now isn't waited for. */
  #close(end: 'answered' | 'closed' | 'open' | 'parked', turns: readonly Turn[], { waiting }: Window): void {
    for (const turn of turns) {
      const entry = waiting.get(turn.record)
      if (entry === undefined) continue
      if (end === 'closed') {
        entry.fate = wasCut(turn.client) ? 'cut' : withoutReply(turn.record)
      } else if (end !== 'answered') {
        entry.fate = end
        this.#open.set(turn.record, entry)
      }
    }
  }

  async #lookAt(
    turns: readonly Turn[],
    sent: readonly LoggedCommand[],
    test: TestLog,
    watch: KeyWatch,
  ): Promise<void> {
    const last = sent.at(-1)
    for (const { client, record } of turns) {
      if (!/SUBSCRIBE$/.test(record.name)) continue
      hearMessages(client, (channel, text) => this.#test.message(record, channel, text, this.#window?.last))
    }
    if (last === undefined) return
    if (/^S?PUBLISH$/.test(last.command.name)) await watch.settle(TRIPS)
    else if (sent.some(mayHaveChanged))
      last.changes = await test.look(watch, keysToLookAt(turns, this.#open.size > 0))
  }

  /** A command that left the gate has been answered. */
  #late(entry: LoggedCommand, deliver: () => void): void {
    this.#open.delete(entry.command)
    fill(entry)
    const isWoken = entry.fate === 'parked' && entry.reply !== null && entry.reply !== undefined
    if (entry.fate === 'open') Object.assign(entry, { fate: 'answered', about: true })
    if (this.#window !== undefined) {
      if (isWoken) this.#window.woken.push(entry)
      this.#window.deliveries.push(deliver)
    } else if (isWoken && this.#test.foreign.length > 0) {
      this.#queue.urgently(() => this.#lookEverywhere([entry], deliver))
      void this.#work()
    } else deliver()
  }

  /** A command that was parked has been woken while nothing of the learner's was on its way. */
  async #lookEverywhere(woken: LoggedCommand[], deliver: () => void): Promise<void> {
    const deliveries = [deliver]
    const test = this.#test
    for (const address of test.addresses) {
      await this.#lookAround(test, address, [], woken.splice(0), deliveries) // names them once
    }
    for (const one of deliveries) one()
  }

  async #lookAround(
    test: TestLog,
    address: string,
    keys: readonly string[],
    woken: LoggedCommand[],
    deliveries: (() => void)[],
  ): Promise<void> {
    this.#window = { waiting: new Map(), woken, deliveries, ended() {} }
    await test.lookAround(address, keys, woken)
    this.#window = undefined
  }
}
