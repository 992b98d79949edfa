import net from 'node:net'
import { reportViolation } from './violations.ts'

const allowed = new Set<string>()
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', ''])

/** Lets the learner's code connect to an address that the suite itself opened or was given. */
export function allowAddress(host: string, port: number): void {
  allowed.add(address(host, port))
}

/** Withdraws that permission when the listener is gone and another program may use the port next. */
export function forbidAddress(host: string, port: number): void {
  allowed.delete(address(host, port))
}

const down = new Set<string>()

/**
 * Refuses connections to a server from the moment it's killed until it runs again. On a busy machine, its kernel still
 * accepts one after it has closed the others. If that one is closed before it's ready, ioredis forgets what it had sent
 * before, and neither repeats nor rejects it. And another program could get the port meanwhile.
 */
export function setDown(host: string, port: number, isDown: boolean): void {
  if (isDown) down.add(address(host, port))
  else down.delete(address(host, port))
}

function address(host: string, port: number): string {
  return `${LOOPBACK.has(host) ? 'loopback' : host}:${port}`
}

let guarded = false

const ofAnAnswer = (where: string) =>
  `Your code opened a connection of its own to ${where}. During a check, it can only reach the sandbox, so that it can't touch your own Redis. Use the client that is passed in, or \`redis.duplicate()\` for another connection.`

/**
 * Limits this process to the sandbox after this call: a `new Redis()` in an answer would otherwise write to the
 * learner's own Redis on port 6379. `explain` writes the sentence about a connection to another place.
 */
export function guardNetwork(explain: (where: string) => string = ofAnAnswer): void {
  if (guarded) return
  guarded = true
  const connect = net.Socket.prototype.connect
  net.Socket.prototype.connect = function guardedConnect(this: net.Socket, ...args: unknown[]) {
    const { host, port, path } = destination(args)
    if (path === undefined && allowed.has(address(host, port))) {
      if (!down.has(address(host, port))) return Reflect.apply(connect, this, args)
      process.nextTick(() => this.destroy(refused(host, port)))
      return this
    }
    const where = path ?? `${host === '' ? 'localhost' : host}:${port}`
    const sentence = explain(where)
    reportViolation(sentence, new Error('connection').stack)
    process.nextTick(() => this.destroy(new Error(sentence)))
    return this
  } as typeof connect
}

/** As the system reports it. */
function refused(host: string, port: number): Error {
  const about = { code: 'ECONNREFUSED', syscall: 'connect', address: host, port }
  return Object.assign(new Error(`connect ECONNREFUSED ${host}:${port}`), about)
}

function destination(args: readonly unknown[]): { host: string; port: number; path?: string } {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (typeof first === 'object' && first !== null) {
    const { host, port, path } = first as { host?: unknown; port?: unknown; path?: unknown }
    if (typeof path === 'string' && port === undefined) return { host: '', port: 0, path }
    return { host: typeof host === 'string' ? host : '', port: Number(port) }
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return { host: '', port: 0, path: first }
  return { host: typeof args[1] === 'string' ? args[1] : '', port: Number(first) }
}
