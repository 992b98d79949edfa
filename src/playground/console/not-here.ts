import type { RedisKind } from '../../redis/index.ts'

const SUBSCRIBING = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE'])
const UNSUBSCRIBING = new Set(['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE'])
const ENDLESS = new Set(['MONITOR', 'SYNC', 'PSYNC'])
const BEYOND_THE_SANDBOX = new Set([
  'FLUSHALL',
  'SELECT',
  'SWAPDB',
  'MOVE',
  'SHUTDOWN',
  'CONFIG',
  'REPLICAOF',
  'SLAVEOF',
])

/** Why a command is not sent from the console, in words; undefined for all that are. */
export function whyNotHere(args: readonly string[], redis: RedisKind): string | undefined {
  const [name = '', second = ''] = args.map((arg) => arg.toUpperCase())
  if (SUBSCRIBING.has(name)) {
    return `${name} turns a connection into a listener: from then on it gets messages and takes hardly any other command. Use a second connection for it, as lesson 02 does: listen = redis.duplicate(); listen.on('message', console.log); await listen.subscribe('events')`
  }
  if (UNSUBSCRIBING.has(name)) return `Nothing is subscribed here, so ${name} has nothing to end.`
  if (ENDLESS.has(name)) return `${name} never stops replying. ".watch" shows what comes into the streams.`
  if (name === 'HELLO' && second !== '' && second !== '2')
    return 'The console speaks RESP2 and stays with it.'
  if (name === 'CLIENT' && second === 'REPLY') return 'The console shows replies, so they stay on.'
  if (redis === 'url' && BEYOND_THE_SANDBOX.has(name)) {
    return `${name} reaches beyond the sandbox, and this Redis is one of yours. It is not sent.`
  }
  return undefined
}
