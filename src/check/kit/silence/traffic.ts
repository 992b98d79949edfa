import { Redis } from 'ioredis'
import { isTrusted } from '../connections.ts'
import { blockingOf } from './blocking.ts'

type Command = Parameters<typeof Redis.prototype.sendCommand>[0]

/** A command that was sent and has no reply yet. */
interface Unanswered {
  readonly client: Redis
  readonly name: string
  readonly args: Command['args']
  /** The turn in which it was sent. */
  readonly since: number
  /** The socket that it was last sent on. On another one, no reply can come. */
  stream: Redis['stream']
}

const unanswered = new Set<Unanswered>() // in the order in which they were sent
/** How many replies each client is waiting for. */
const waitedFor = new WeakMap<Redis, number>()
/** Latencies of the learner's commands that were sent one at a time, in milliseconds. */
const latencies: { readonly turn: number; readonly ms: number }[] = []
const LATENCIES = 20
/** How many turns a latency counts. */
const RECENT = 20
/** The learner's code may replace the global later. */
const now = performance.now.bind(performance)
const seen = new WeakMap<Command, Unanswered>()
/** Clients that asked Redis not to reply. */
const muted = new WeakSet<Redis>()
let turn = 0
let watching = false

/**
 * Tracks every command that's really sent after this call until it's answered, whichever client sent it. Call this
 * before commands are recorded: what is held back or refused there doesn't get here.
 */
export function watchTraffic(): void {
  if (watching) return
  watching = true
  const send = Redis.prototype.sendCommand
  Redis.prototype.sendCommand = function watchedSend(this: Redis, command, stream) {
    note(this, command)
    return send.call(this, command, stream)
  }
}

function note(client: Redis, command: Command): void {
  const earlier = seen.get(command)
  if (earlier !== undefined) {
    if (earlier.client === client) earlier.stream = client.stream // it was queued, or is sent again
    return
  }
  const { stream } = client
  const one: Unanswered = { client, name: command.name, args: command.args, since: turn, stream }
  seen.set(command, one)
  if (command.name === 'client' && String(command.args[0]).toUpperCase() === 'REPLY') muted.add(client)
  unanswered.add(one)
  const before = waitedFor.get(client) ?? 0
  waitedFor.set(client, before + 1)
  const sent = now()
  const { resolve, reject } = command
  const isAlone =
    before === 0 && !isTrusted(client) && blockingOf(one.name, one.args.map(String)) === undefined
  const answered = () => {
    if (!forget(one) || !isAlone) return
    latencies.push({ turn, ms: now() - sent })
    if (latencies.length > LATENCIES) latencies.shift()
  }
  // Wrapped and not followed with `.then`: a promise with a handler no longer counts as an unhandled rejection.
  command.resolve = (reply) => {
    answered()
    resolve(reply)
  }
  command.reject = (error) => {
    answered()
    reject(error)
  }
}

/**
 * How long Redis currently takes for one of the learner's commands, in milliseconds: the median of the last few that
 * were sent alone. A pipeline proves nothing about Redis, because its commands wait for each other.
 */
export function usualLatency(): number {
  const recent = latencies.filter((one) => turn - one.turn <= RECENT).map(({ ms }) => ms)
  return recent.sort((a, b) => a - b)[Math.floor(recent.length / 2)] ?? 0
}

/**
 * Counts the turns that have passed: lateness is counted in turns, because a clock continues while this process
 * sleeps.
 */
export function nextTurn(): void {
  turn += 1
}

/**
 * How many turns Redis has owed its most overdue reply, if that's `turns` or more; otherwise 0. Excludes commands
 * that block, those queued after them on the same connection, those that were lost with their connection and not sent
 * again (`autoResendUnfulfilledCommands: false`), and clients for which `leftOut` returns true.
 */
export function owedFor(turns: number, leftOut: (client: Redis) => boolean): number {
  const blocked = new Set<Redis>()
  forgetLost()
  for (const { client, name, args, since } of unanswered) {
    if (turn - since < turns) return 0
    if (blocked.has(client) || muted.has(client) || client.status !== 'ready' || leftOut(client)) continue
    if (blockingOf(name, args.map(String)) === undefined) return turn - since
    blocked.add(client)
  }
  return 0
}

/**
 * A client that's ready on another socket got replies there, so Redis isn't at work on what was lost with the first one,
 * and won't reply to it.
 */
function forgetLost(): void {
  for (const one of unanswered) {
    const { client, stream } = one
    if (client.stream !== stream && client.status === 'ready') forget(one)
  }
}

function forget(one: Unanswered): boolean {
  if (!unanswered.delete(one)) return false
  waitedFor.set(one.client, (waitedFor.get(one.client) ?? 1) - 1)
  return true
}

/** The current turn; see `nextTurn`. */
export function thisTurn(): number {
  return turn
}

/**
 * True while Redis runs, or is about to run, a script or a function of the learner's; with `before`, one that was sent
 * before that turn.
 */
export function isScriptUnanswered(before = Number.POSITIVE_INFINITY): boolean {
  forgetLost()
  for (const { client, name, since } of unanswered) {
    if (since < before && /^(eval|fcall)/i.test(name) && !isTrusted(client)) return true
  }
  return false
}
