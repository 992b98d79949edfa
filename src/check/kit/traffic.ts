import { Redis } from 'ioredis'
import { blockingOf } from './blocking.ts'
import { isTrusted } from './connections.ts'

type Command = Parameters<typeof Redis.prototype.sendCommand>[0]

/** A command that went out and has no answer yet. */
interface Unanswered {
  readonly client: Redis
  readonly name: string
  readonly args: Command['args']
  /** The turn in which it went out. */
  readonly since: number
}

const unanswered = new Set<Unanswered>() // in the order in which they went out
/** How many each client waits for. */
const waitedFor = new WeakMap<Redis, number>()
/** What single commands of the learner's took, one at a time, in milliseconds. */
const latencies: { readonly turn: number; readonly ms: number }[] = []
const LATENCIES = 20
/** Latencies count for so many turns. */
const RECENT = 20
/** The learner's code may replace the global one later. */
const now = performance.now.bind(performance)
const seen = new WeakSet<Command>()
/** Clients that asked Redis not to reply. */
const muted = new WeakSet<Redis>()
let turn = 0
let watching = false

/**
 * From here on every command that really goes out is known until it is answered, whoever sent it. To be called before
 * commands are recorded: what is held back or refused there doesn't get here.
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
  if (seen.has(command)) return // it was queued and comes by once more
  seen.add(command)
  const one: Unanswered = { client, name: command.name, args: command.args, since: turn }
  if (command.name === 'client' && String(command.args[0]).toUpperCase() === 'REPLY') muted.add(client)
  unanswered.add(one)
  const before = waitedFor.get(client) ?? 0
  waitedFor.set(client, before + 1)
  const sent = now()
  const { resolve, reject } = command
  const isAlone =
    before === 0 && !isTrusted(client) && blockingOf(one.name, one.args.map(String)) === undefined
  const answered = () => {
    if (!unanswered.delete(one)) return
    waitedFor.set(client, (waitedFor.get(client) ?? 1) - 1)
    if (!isAlone) return
    latencies.push({ turn, ms: now() - sent })
    if (latencies.length > LATENCIES) latencies.shift()
  }
  // Wrapped and not followed with `.then`: a promise with a handler on it is no longer an unhandled rejection.
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
 * What one command of the learner's takes Redis now, in milliseconds: the middle one of the last few that were sent alone. A pipeline
 * says nothing about Redis: its commands wait for each other.
 */
export function usualLatency(): number {
  const recent = latencies.filter((one) => turn - one.turn <= RECENT).map(({ ms }) => ms)
  return recent.sort((a, b) => a - b)[Math.floor(recent.length / 2)] ?? 0
}

/** Counts the turns that have passed: what is late is told in turns, because a clock goes on while this process sleeps. */
export function nextTurn(): void {
  turn += 1
}

/**
 * How many turns Redis has owed the answer that it has owed the longest, if that's `turns` or more, otherwise 0. Left out are commands that
 * block, those behind them on the same connection, and clients of which `leftOut` says so.
 */
export function owedFor(turns: number, leftOut: (client: Redis) => boolean): number {
  const blocked = new Set<Redis>()
  for (const { client, name, args, since } of unanswered) {
    if (turn - since < turns) return 0
    if (blocked.has(client) || muted.has(client) || client.status !== 'ready' || leftOut(client)) continue
    if (blockingOf(name, args.map(String)) === undefined) return turn - since
    blocked.add(client)
  }
  return 0
}

/** True while Redis runs, or is about to run, a script or a function of the learner's. */
export function isScriptUnanswered(): boolean {
  for (const { client, name } of unanswered) {
    if (/^(eval|fcall)/i.test(name) && !isTrusted(client)) return true
  }
  return false
}
