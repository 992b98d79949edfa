import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { Explanation } from './connect-problem.ts'

/**
 * Every command that the kit sends and that lessons, their tests and good answers use, with arguments that Redis
 * accepts: KEY and CHANNEL are replaced by names that can't have been allowed beforehand. FLUSHDB comes first
 * because most people who forbid anything forbid it.
 */
const COMMANDS = `
FLUSHDB
KEYS KEY|SCAN 0|DBSIZE|INFO server|TIME|TYPE KEY|EXISTS KEY|DEL KEY|UNLINK KEY|RENAME KEY KEY|RENAMENX KEY KEY|COPY KEY KEY
EXPIRE KEY 9|PEXPIRE KEY 9|PERSIST KEY|TTL KEY|PTTL KEY
GET KEY|SET KEY v|SETNX KEY v|MGET KEY|MSET KEY v|GETDEL KEY|APPEND KEY v|STRLEN KEY|INCR KEY|INCRBY KEY 1|DECR KEY
HSET KEY f v|HSETNX KEY f v|HGET KEY f|HMGET KEY f|HGETALL KEY|HKEYS KEY|HVALS KEY|HDEL KEY f|HLEN KEY|HEXISTS KEY f
HINCRBY KEY f 1|HINCRBYFLOAT KEY f 1|HSCAN KEY 0
RPUSH KEY v|LPUSH KEY v|RPOP KEY|LPOP KEY|LRANGE KEY 0 1|LINDEX KEY 0|LLEN KEY|LTRIM KEY 0 1|LREM KEY 0 v
SADD KEY v|SREM KEY v|SCARD KEY|SISMEMBER KEY v|SMEMBERS KEY|SINTER KEY KEY
ZADD KEY 1 v|ZREM KEY v|ZCARD KEY|ZSCORE KEY v|ZINCRBY KEY 1 v|ZRANGE KEY 0 1|ZREVRANGE KEY 0 1|ZRANGEBYSCORE KEY 0 1|ZPOPMIN KEY
XADD KEY * f v|XLEN KEY|XRANGE KEY - +|XREVRANGE KEY + -|XREAD STREAMS KEY 0|XDEL KEY 1-0|XTRIM KEY MAXLEN 1|XSETID KEY 9-0
XGROUP CREATE KEY g 0 MKSTREAM|XGROUP CREATECONSUMER KEY g c|XGROUP DELCONSUMER KEY g c|XGROUP SETID KEY g 0|XGROUP DESTROY KEY g
XREADGROUP GROUP g c STREAMS KEY >|XACK KEY g 1-0|XPENDING KEY g|XCLAIM KEY g c 0 1-0|XAUTOCLAIM KEY g c 0 0
XINFO STREAM KEY|XINFO GROUPS KEY|XINFO CONSUMERS KEY g
EVAL return 0|EVALSHA ffffffffffffffffffffffffffffffffffffffff 0|SCRIPT LOAD return|SCRIPT EXISTS ffffffffffffffffffffffffffffffffffffffff
FCALL f 0|FUNCTION LIST|FUNCTION LOAD code|FUNCTION DELETE library
PUBLISH CHANNEL v`

/** One command that can't be used here, and what Redis says about it. */
interface Refusal {
  readonly command: string
  readonly says: string
}

/**
 * What a check needs and this Redis doesn't do, as `Explanation`; `undefined` if it does everything. Nothing is
 * executed: the commands are queued in a transaction, where Redis checks each as if it were to run, and the
 * transaction is discarded. Afterwards the client has subscribed to channels and can't be used for anything else.
 */
export async function missingAbilities(client: Redis, place: string): Promise<Explanation | undefined> {
  const key = randomUUID()
  const inside = COMMANDS.trim()
    .split(/[|\n]/)
    .map((line) => line.split(' ').map((word) => (word === 'KEY' || word === 'CHANNEL' ? key : word)))
  const refused = [
    // Each step only if the one before succeeded: without a transaction around them, the commands would be executed.
    () => refusals(client, [['WATCH', key], ['UNWATCH'], ['MULTI']]),
    () => refusals(client, [['PING']], 'QUEUED'),
    () => refusals(client, inside, 'QUEUED'),
    () => refusals(client, [['DISCARD']]),
    // In lowercase, by which ioredis recognizes that the last two change the connection.
    () => refusals(client, [['MULTI'], ['EXEC'], ['subscribe', key], ['psubscribe', `${key}*`]]),
  ]
  for (const step of refused) {
    const found = await step()
    if (found.length > 0) return explain(found, place)
  }
  return undefined
}

/** Sends all of them at once; returns those that were refused, or got another reply than this one. */
async function refusals(
  client: Redis,
  commands: readonly (readonly string[])[],
  expected?: string,
): Promise<readonly Refusal[]> {
  const sent = await Promise.allSettled(commands.map(([name = '', ...args]) => client.call(name, ...args)))
  return sent.flatMap((one, index) => {
    const command = nameOf(commands[index] ?? [])
    if (one.status === 'fulfilled') {
      return expected === undefined || one.value === expected ? [] : [{ command, says: String(one.value) }]
    }
    if (!isReply(one.reason)) throw one.reason
    return [{ command, says: one.reason.message }]
  })
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

const WITH_SUBCOMMANDS = new Set(['XGROUP', 'XINFO', 'SCRIPT', 'FUNCTION'])

function nameOf([name = '', second = '']: readonly string[]): string {
  return WITH_SUBCOMMANDS.has(name) ? `${name} ${second}` : name.toUpperCase()
}

/** What the whole server can't do at the moment, by the first word of its reply. */
const CONDITIONS: Readonly<Record<string, readonly [problem: string, remedy: string]>> = {
  READONLY: ['is a read-only replica', 'Use the address of its primary, or another Redis with `--redis`.'],
  OOM: [
    'is full: it has reached its maxmemory and refuses to store anything',
    'Raise maxmemory or delete data there, or use another Redis with `--redis`.',
  ],
  MISCONF: [
    "can't save its data to disk and refuses to store anything until it can",
    'Check its log for the reason, or use another Redis with `--redis`.',
  ],
  NOREPLICAS: [
    'has fewer replicas than its min-replicas-to-write requires, so it refuses to store anything',
    'Connect the replicas, or use another Redis with `--redis`.',
  ],
  MASTERDOWN: [
    'is a replica that has lost its primary',
    'Use the address of the primary, or another Redis with `--redis`.',
  ],
  BUSY: ["is busy with a script that doesn't end", 'Run SCRIPT KILL there, and try again.'],
  LOADING: ['is still loading its data', 'Try again in a moment.'],
}

function explain(found: readonly Refusal[], place: string): Explanation | undefined {
  const [first] = found
  if (first === undefined) return undefined
  for (const { says } of found) {
    const condition = CONDITIONS[/^[A-Z]+/.exec(says)?.[0] ?? '']
    if (condition === undefined) continue
    return { problem: `The Redis at ${place} ${condition[0]}.`, remedy: condition[1] }
  }
  const commands = found.filter(({ says }) => !/access (a|one of the) (key|channel)/i.test(says))
  if (commands.length > 0) return deniedCommands(commands, place)
  const what = /channel/i.test(first.says) ? 'channels' : 'keys'
  const rule = what === 'keys' ? '~*' : '&*'
  return {
    problem: `The Redis at ${place} allows its user only some ${what}, but a check needs all of them.`,
    remedy: `Give the user ${rule} there (ACL SETUSER), or use another Redis with \`--redis\`.`,
  }
}

/** More names than these add nothing new. */
const MOST_NAMES = 4

function deniedCommands(found: readonly Refusal[], place: string): Explanation {
  const names = [...new Set(found.map(({ command }) => command))]
  const shown = names.slice(0, MOST_NAMES)
  const more = names.length - shown.length
  const list = listed(more > 0 ? [...shown, `${more} more`] : shown)
  const purpose =
    names.length === 1 && names[0] === 'FLUSHDB'
      ? 'which empties the database before each test'
      : `and a check can't do without ${names.length === 1 ? 'it' : 'them'}`
  const isUnknown = found.every(({ says }) => /unknown (sub)?command/i.test(says))
  const where = isUnknown
    ? 'Enable it there if it was renamed or disabled'
    : 'Allow it for the user there (ACL SETUSER)'
  return {
    problem: `The Redis at ${place} doesn't allow ${list}, ${purpose}.`,
    remedy: `${where}, or use another Redis with \`--redis\`.`,
  }
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en').format(names)
}
