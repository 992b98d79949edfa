import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
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

const trusted = new WeakSet<Redis>()
const seen = new WeakSet<Command>()
const open = new Set<Redis>()
const openClusters = new Set<Cluster>()
const handedOut = new WeakSet<Redis | Cluster>()
/** Only who holds this very object can make a client that is trusted. */
const TRUST = {}
/** For a cluster of the suite's own: its connections are made later, one by one, and get these options. */
export const TRUSTED_OPTIONS: RedisOptions = { eventlingsTrust: TRUST } as RedisOptions
let leftOpen = 0
let making = false
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

/** A connection of the suite's own: not recorded, not held back, not refused anything. */
export function trustedClient(make: () => Redis): Redis {
  making = true
  try {
    const client = make()
    trusted.add(client)
    return client
  } finally {
    making = false
  }
}

/**
 * Cuts every connection that the learner's code still has, whoever opened it. After a test that went its way (`counting`)
 * those that it opened itself and left are counted; code whose process "died" could not close anything.
 */
export function disconnectGuests(counting = false): void {
  const own = ownConnections()
  // Before their nodes: a cluster whose connection breaks would open another one.
  for (const cluster of openClusters) cluster.disconnect()
  openClusters.clear()
  for (const client of open) {
    open.delete(client)
    client.on('error', () => {})
    client.disconnect()
  }
  if (counting) leftOpen = Math.max(leftOpen, own)
}

/** Those that the learner's code opened itself and has not told to close. */
function ownConnections(): number {
  // A cluster counts once, with all its nodes.
  const nodes = new Set([...openClusters].flatMap((cluster) => cluster.nodes('all')))
  const clients = [...open].filter((one) => !handedOut.has(one) && !nodes.has(one) && !isClosing(one))
  const clusters = [...openClusters].filter(
    (cluster) => !handedOut.has(cluster) && !['end', 'close', 'disconnecting'].includes(cluster.status),
  )
  return clients.length + clusters.length
}

/** So often, and after so many milliseconds each time, one that is about to be closed is looked at again. */
const LOOKS = 200
const BETWEEN_LOOKS_MS = 5

/** How many connections the learner's code has opened in this test and left open, when it has had the time to close them. */
export async function connectionsStillOpen(): Promise<number> {
  for (let look = 0; look < LOOKS && ownConnections() > 0; look += 1) await sleep(BETWEEN_LOOKS_MS)
  return ownConnections()
}

/** One that was told to close has done its part, although its socket may need a moment. */
function isClosing(client: Redis): boolean {
  const { manuallyClosing = false } = client as unknown as { readonly manuallyClosing?: boolean }
  return manuallyClosing || ['end', 'close', 'disconnecting', 'wait'].includes(client.status)
}

/** A connection that a suite made for the learner's code: theirs to use, and not theirs to close. */
export function handOut(client: Redis): Redis {
  handedOut.add(client)
  return client
}

/** The same for a whole cluster. */
export function handOutCluster(cluster: Cluster): Cluster {
  handedOut.add(cluster)
  return cluster
}

/** The most connections of its own that the learner's code left open in one test. */
export function connectionsLeftOpen(): number {
  return leftOpen
}

/** The learner's code may replace the global one later. */
const now = performance.now.bind(performance)

let recording = false

/** From here on every command that any client in this process sends is recorded, and refused or held back where asked. */
export function recordCommands(): void {
  if (recording) return
  recording = true
  const connect = Redis.prototype.connect
  Redis.prototype.connect = function recordedConnect(this: Redis, ...args) {
    if (!making && !isTrusted(this) && !isInner(this)) open.add(this)
    return connect.apply(this, args)
  }
  const join = Cluster.prototype.connect
  Cluster.prototype.connect = function recordedJoin(this: Cluster) {
    if (!isTrusted(this)) openClusters.add(this)
    return join.call(this)
  }
  const send = Redis.prototype.sendCommand
  Redis.prototype.sendCommand = function recordedSend(this: Redis, command, stream) {
    if (making || isTrusted(this) || seen.has(command)) return send.call(this, command, stream)
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

function isTrusted(client: Redis | Cluster): boolean {
  if (!(client instanceof Cluster) && trusted.has(client)) return true
  const options = client instanceof Cluster ? client.options.redisOptions : client.options
  return (options as { eventlingsTrust?: unknown } | undefined)?.eventlingsTrust === TRUST
}

/** Connections for a cluster's own use, which it closes itself. */
function isInner(client: Redis): boolean {
  return client.options.connectionName?.startsWith('ioredis-cluster(') === true
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
