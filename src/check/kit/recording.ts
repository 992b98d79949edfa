import { Redis } from 'ioredis'
import { isTrusted, watchConnections } from './connections.ts'
import { collect, currentRun, type SentCommand } from './context.ts'
import { environment } from './environment.ts'
import { refusal } from './refused.ts'
import { reportViolation } from './violations.ts'

type SendCommand = typeof Redis.prototype.sendCommand
type Command = Parameters<SendCommand>[0]

/** What a connection says before it is ready is ioredis speaking, not the learner. */
const HANDSHAKE = new Set(['info', 'client', 'select', 'auth', 'hello', 'readonly'])

/** How a client of a cluster finds its way, by itself and again and again. */
const LOOKING_ROUND = new Set(['SLOTS', 'INFO', 'SHARDS'])

const seen = new WeakSet<Command>()
let records: SentCommand[] = []
let numbers = new Map<Redis, number>()
let activity = 0

/** All that the learner's connections sent since the last `forgetCommands`. */
export function sentCommands(): readonly SentCommand[] {
  return records
}

/** Grows with every command and every reply: while it grows, the learner's code is at work and not stuck. */
export function activityCount(): number {
  return activity
}

export function forgetCommands(): void {
  records = []
  numbers = new Map()
}

/** The learner's code may replace the global one later. */
const now = performance.now.bind(performance)

let recording = false

/** From here on every command that any client in this process sends is recorded, and refused or held back where asked. */
export function recordCommands(): void {
  if (recording) return
  recording = true
  watchConnections()
  const send = Redis.prototype.sendCommand
  Redis.prototype.sendCommand = function recordedSend(this: Redis, command, stream) {
    if (isTrusted(this) || seen.has(command)) return send.call(this, command, stream)
    const args = textOf(command)
    const name = command.name.toUpperCase()
    if (name === 'CLUSTER' && LOOKING_ROUND.has(args[0]?.toUpperCase() ?? ''))
      return send.call(this, command, stream)
    const shaking = this.status === 'connect' && HANDSHAKE.has(command.name)
    if (shaking && (command.name !== 'select' || Number(args[0]) === sandboxDatabase())) {
      seen.add(command) // it may be queued and come by once more
      return send.call(this, command, stream)
    }
    seen.add(command)
    const record = note(this, command, name, args)
    const refused = refusal(name, args, environment().allow)
    if (refused !== undefined) {
      reportViolation(refused, record.origin.stack)
      command.reject(new Error(refused))
      return command.promise
    }
    return throughFaults(this, command, record, (own) => send.call(this, command, own ? undefined : stream))
  }
}

function throughFaults(client: Redis, command: Command, record: SentCommand, go: (own: boolean) => unknown) {
  const run = currentRun()
  if (run === undefined) return go(false)
  run.faults.clients.add(client)
  if (run.held !== undefined) {
    run.held.push(() => go(false))
    return command.promise
  }
  run.count += 1
  const verdict = run.faults.onCommand(record.name, run.count)
  switch (verdict.kind) {
    case 'send':
      return go(false)
    case 'drop':
      return command.promise
    case 'alone':
      verdict.sent(command.promise)
      return go(true)
    case 'hold': {
      const held: (() => void)[] = [() => go(false)]
      run.held = held
      void verdict.until.then(() => {
        run.held = undefined
        for (const next of held) next()
      })
      return command.promise
    }
  }
}

function note(client: Redis, command: Command, name: string, args: readonly string[]): SentCommand {
  if (!numbers.has(client)) numbers.set(client, numbers.size + 1)
  const record: SentCommand = {
    client: numbers.get(client) ?? 0,
    name,
    args,
    pending: true,
    sentAt: now(),
    origin: origin(),
  }
  records.push(record)
  collect(record)
  activity += 1
  const { resolve, reject } = command
  // Wrapped and not followed with `.then`: a promise with a handler on it is no longer an unhandled rejection.
  command.resolve = (reply: unknown) => {
    record.pending = false
    record.answeredAt = now()
    record.reply = decoded(reply)
    delete record.error // of a node that sent it on to another
    activity += 1
    resolve(reply as Parameters<typeof resolve>[0])
  }
  command.reject = (error: Error) => {
    record.pending = false
    record.answeredAt = now()
    record.error = error
    activity += 1
    reject(error)
  }
  return record
}

function origin(): { readonly stack?: string | undefined } {
  const place = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 20
  Error.captureStackTrace(place, Redis.prototype.sendCommand)
  Error.stackTraceLimit = limit
  return place
}

function textOf(command: Command): string[] {
  return command.args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString('utf8') : String(arg)))
}

function decoded(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('utf8')
  return Array.isArray(reply) ? reply.map(decoded) : reply
}

function sandboxDatabase(): number {
  return Number(new URL(environment().url).pathname.slice(1) || 0)
}
