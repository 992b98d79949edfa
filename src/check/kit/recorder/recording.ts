import { Redis } from 'ioredis'
import { readAddress } from '../../../redis/address.ts'
import { isClosing, isTrusted, wasCut, watchConnections } from '../connections.ts'
import { collect, isInCall, type SentCommand } from '../context.ts'
import { environment } from '../environment.ts'
import { isProxy } from '../faults/faulty-proxy.ts'
import { heardReply, throughFaults } from '../faults/through-faults.ts'
import { refusal } from '../guards/command-policy.ts'
import { isReadOnly } from '../guards/read-only.ts'
import { reportViolation } from '../guards/violations.ts'
import { asCaller, type Caller, currentCaller, newCaller } from '../races/callers.ts'
import type { Gate } from '../races/gate.ts'
import { blockingOf } from '../silence/blocking.ts'
import { startTestClock } from '../test-clock.ts'
import { type Command, decoded, origin, pipelineOf, textOf } from './command-parts.ts'
import type { ForeignCommand } from './foreign.ts'
import { currentTurn, nextMoment } from './moments.ts'
import { addForeign, forgetOthers, hear, keepsOthers } from './others.ts'

/** What a connection sends before it's ready comes from ioredis, not from the learner. */
const HANDSHAKE = new Set(['info', 'client', 'select', 'auth', 'hello', 'readonly'])

/** How a cluster client finds its way, automatically and repeatedly. */
const LOOKING_ROUND = new Set(['SLOTS', 'INFO', 'SHARDS'])

/** Commands seen before may pass again: from a queue, after a reconnect, or on their way to another node. */
const seen = new WeakMap<Command, SentCommand | typeof NOT_RECORDED>()
const NOT_RECORDED = Symbol('not recorded')
/** The connection that each was last sent on. */
const connections = new WeakMap<SentCommand, Redis>()
let records: SentCommand[] = []
let numbers = new Map<Redis, number>()
/** The first caller on each connection: what the connection sends in the background comes from that caller. */
let owners = new Map<Redis, Caller>()
let activity = 0
let gate: Gate | undefined

/** From now on, every command goes through this gate, which records what each one changes; or through none. */
export function sendThrough(one: Gate | undefined): void {
  gate = one
}

/** The check killed this server, or started it again. */
export function noteServer(address: string, cause: 'killed' | 'restarted'): void {
  gate?.server(address, cause)
}

/** Everything the learner's connections sent since the last `forgetCommands`. */
export function sentCommands(): readonly SentCommand[] {
  return records
}

/** Grows with every command and every reply: while it grows, the learner's code is at work and not stuck. */
export function activityCount(): number {
  return activity
}

/**
 * The code stopped waiting for a blocking command by closing its connection: that ends the wait, and no reply is
 * missing.
 */
export function gaveUpWaiting(record: SentCommand): boolean {
  const client = connections.get(record)
  return client !== undefined && isClosing(client) && blockingOf(record.name, record.args) !== undefined
}

export function forgetCommands(): void {
  records = []
  forgetOthers()
  numbers = new Map()
  owners = new Map()
  gate?.reset()
}

/** Restarts the clock of the recording. */
export function beginTest(): void {
  startTestClock()
  gate?.begin()
}

/** The learner's code may replace the global later. */
const now = performance.now.bind(performance)

let recording = false

/**
 * Records every command that any client in this process sends after this call, and refuses or holds it back where
 * asked.
 */
export function recordCommands(): void {
  if (recording) return
  recording = true
  watchConnections()
  const send = Redis.prototype.sendCommand
  Redis.prototype.sendCommand = function recordedSend(this: Redis, command, stream) {
    if (isTrusted(this)) {
      noteForeign(command)
      return send.call(this, command, stream)
    }
    const known = seen.get(command)
    if (known === NOT_RECORDED) return send.call(this, command, stream)
    if (known !== undefined) {
      const resend = () => again(this, known, () => send.call(this, command, gate ? undefined : stream))
      return gate === undefined ? resend() : gate.send({ client: this, command, record: known, go: resend })
    }
    const args = textOf(command)
    const name = command.name.toUpperCase()
    if (name === 'CLUSTER' && LOOKING_ROUND.has(args[0]?.toUpperCase() ?? ''))
      return send.call(this, command, stream)
    const shaking = this.status === 'connect' && HANDSHAKE.has(command.name)
    if (shaking && (command.name !== 'select' || Number(args[0]) === sandboxDatabase())) {
      seen.set(command, NOT_RECORDED)
      return send.call(this, command, stream)
    }
    const record = note(this, command, name, args, pipelineOf(stream))
    seen.set(command, record)
    const refused = refusal(name, args, environment().allow)
    if (refused !== undefined) {
      reportViolation(refused, record.origin.stack)
      record.refused = true
      gate?.unsent(this, record, 'refused')
      command.reject(new Error(refused))
      return command.promise
    }
    const result = throughFaults(this, command, record, (alone) => {
      const go = () =>
        written(this, record, () => send.call(this, command, alone || gate ? undefined : stream))
      return gate === undefined ? go() : gate.send({ client: this, command, record, go })
    })
    if (record.gone === 'died') gate?.unsent(this, record, 'unsent')
    return result
  }
}

/** Sends, and notes when it was sent: what ioredis queues because the connection isn't ready passes here again. */
function written(client: Redis, record: SentCommand, send: () => unknown): unknown {
  const waiting = queued(client)
  const result = send()
  if (record.answered === undefined && queued(client) === waiting) {
    record.sent = nextMoment()
    record.sentAt = now()
  }
  return result
}

function queued(client: Redis): number {
  return (client as unknown as { readonly offlineQueue: { readonly length: number } }).offlineQueue.length
}

/** The same command again: leaving a queue for the first time, to another node, or because its connection broke. */
function again(client: Redis, record: SentCommand, send: () => unknown): unknown {
  const { sent, sentAt } = record
  if (sent !== undefined && sentAt !== undefined && record.answered === undefined) {
    record.lost = [...(record.lost ?? []), { sent, sentAt, answered: nextMoment() }]
  }
  delete record.sent
  delete record.answered
  record.client = numberOf(client)
  connections.set(record, client)
  return written(client, record, send)
}

function numberOf(client: Redis): number {
  const known = numbers.get(client)
  if (known !== undefined) return known
  numbers.set(client, numbers.size + 1)
  return numbers.size
}

function callerOn(client: Redis): Caller {
  const caller = currentCaller() ?? owners.get(client) ?? newCaller(isInCall() ? 'only' : 'test')
  if (!owners.has(client)) owners.set(client, caller)
  return caller
}

function noteForeign(command: Command): void {
  const isWanted = gate !== undefined || (keepsOthers() && records.length > 0)
  const name = command.name.toUpperCase()
  if (!isWanted || isReadOnly(name)) return
  const one: ForeignCommand = { name, args: textOf(command), sent: nextMoment(), sentAt: now() }
  if (gate === undefined) addForeign(one)
  else gate.foreign(one)
}

function note(
  client: Redis,
  command: Command,
  name: string,
  args: readonly string[],
  pipeline: object | undefined,
): SentCommand {
  const record: SentCommand = {
    client: numberOf(client),
    caller: callerOn(client),
    name,
    args,
    pending: true,
    issued: nextMoment(),
    issuedAt: now(),
    origin: origin(),
    pipeline,
    ...(isProxy(client.options.port) && { losable: true }),
  }
  records.push(record)
  connections.set(record, client)
  collect(record)
  activity += 1
  const { resolve, reject } = command
  // Wrapped and not followed with `.then`: a promise with a handler no longer counts as an unhandled rejection.
  command.resolve = (reply: unknown) => {
    record.reply = decoded(reply)
    delete record.error // from a node that redirected it to another
    answered(record)
    // A gate hears for itself. A connection of an earlier round counts no more.
    if (gate === undefined && /^[PS]?SUBSCRIBE$/.test(name)) hear(client, record, () => numbers.has(client))
    deliver(record, () => resolve(reply as Parameters<typeof resolve>[0]))
  }
  command.reject = (error: Error) => {
    if (wasCut(client) && error.name !== 'ReplyError') {
      record.gone ??= 'cut'
      reject(error)
    } else {
      record.error = error
      answered(record)
      // Redirected to another node, it's sent again from here, after an ASKING that comes from the same caller.
      deliver(record, () => asCaller(record.caller, () => reject(error)))
    }
  }
  return record
}

/** Hands the reply to the code that waits for it; while changes are recorded, when they're known. */
function deliver(record: SentCommand, hand: () => void): void {
  if (gate === undefined) hand()
  else gate.answered(record, hand)
}

function answered(record: SentCommand): void {
  record.pending = false
  record.answered = nextMoment()
  record.answeredAt = now()
  record.turn = currentTurn()
  activity += 1
  heardReply()
}

function sandboxDatabase(): number {
  return readAddress(environment().url).database
}
