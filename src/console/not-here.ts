import type { RedisKind } from '../redis/index.ts'

const SUBSCRIBING = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE'])
const UNSUBSCRIBING = new Set(['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'])
const ENDLESS = new Set(['MONITOR', 'SYNC', 'PSYNC'])
/** Of DEBUG. */
const CRASHES = new Set(['SEGFAULT', 'PANIC', 'RESTART', 'CRASH-AND-RECOVER', 'OOM', 'ASSERT'])
const BEYOND_THE_SANDBOX = new Set(['FLUSHALL', 'SELECT', 'SWAPDB', 'MOVE', 'CONFIG', 'REPLICAOF', 'SLAVEOF'])

/** Why a command isn't sent from the console, in words; undefined for all commands that are. */
export function whyNotHere(args: readonly string[], redis: RedisKind): string | undefined {
  const [name = '', second = ''] = args.map((arg) => arg.toUpperCase())
  if (SUBSCRIBING.has(name)) {
    return `${name} turns this connection into a listener that accepts hardly any other command. Use a second connection, as lesson 02 does: listen = redis.duplicate(); listen.on('message', console.log); await listen.subscribe('events')`
  }
  if (UNSUBSCRIBING.has(name)) return `This connection has no subscriptions, so ${name} has nothing to end.`
  if (ENDLESS.has(name)) return `${name} never stops replying. Use ".watch" to see new stream entries.`
  if (name === 'SHUTDOWN' || (name === 'DEBUG' && CRASHES.has(second))) {
    return `${name} would end the sandbox, and the console with it. ".exit" leaves the console; ".reset" brings the lesson's data back.`
  }
  if (name === 'HELLO' && second !== '' && second !== '2') return 'The console only speaks RESP2.'
  if (name === 'CLIENT' && second === 'REPLY') return 'The console needs replies, so they stay on.'
  if (redis === 'url' && BEYOND_THE_SANDBOX.has(name)) {
    return `${name} wasn't sent, because it reaches beyond the sandbox and this Redis is your own.`
  }
  return undefined
}
