import type { Redis } from 'ioredis'
import type { Entry, GroupState, KeyState, Text } from '../../../recording/index.ts'
import { SANDBOX_MARKER } from '../../../redis/sandbox.ts'
import { textOf } from './recorded-text.ts'

/** Maximum number of entries, fields, members or items of a key that are read. */
const MOST_MEMBERS = 200
/** Maximum number of keys in a database that's read as a whole. */
const MOST_KEYS = 100
/** How much of a key or of the database one SCAN looks at, which is all of it if it's within these limits. */
const IN_ONE_SCAN = 1_000

type Reply = Buffer | number | string | null | undefined | readonly Reply[]
type State<Type extends KeyState['type']> = Extract<KeyState, { readonly type: Type }>

export interface KeyReader {
  /** The keys as they are now; those that don't exist are left out. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, KeyState>>
  /** All keys, or undefined if there are too many. */
  names(): Promise<readonly string[] | undefined>
  /** A round trip. */
  ping(): Promise<void>
  /** Forgets what it knows about long streams; for a new test. */
  forget(): void
}

/** Reads keys through a client of the check's own. `since` is when the test began, as the time of day. */
export function keyReader(client: Redis, since: () => number): KeyReader {
  /** Of streams that are too long to read in full: the ID at which reading begins. */
  const starts = new Map<string, string>()

  async function ask(commands: readonly (readonly (string | number)[])[]): Promise<readonly Reply[]> {
    if (commands.length === 0) return []
    const pipeline = client.pipeline()
    for (const [name, ...args] of commands) pipeline.callBuffer(String(name), ...args)
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, reply]) => {
      // A key that another command has replaced in the meantime, or a consumer group that's gone.
      if (error !== null && error.name !== 'ReplyError') throw error
      return error === null ? (reply as Reply) : undefined
    })
  }

  async function read(keys: readonly string[]): Promise<ReadonlyMap<string, KeyState>> {
    const heads = await ask(
      keys.flatMap((key) => [
        ['TYPE', key],
        ['PEXPIRETIME', key],
      ]),
    )
    const found = keys.flatMap((key, index) => {
      const type = text(heads[index * 2])
      const expires = Number(heads[index * 2 + 1] ?? -1)
      return type === 'none' || type === ''
        ? []
        : [{ key, type, ...(expires > 0 && { pttl: Math.round(expires - since()) }) }]
    })
    const bodies = await ask(found.flatMap(({ key, type }) => commandsFor(key, type)))
    const streams = await longStreams(found, bodies)
    return new Map(
      found.flatMap(({ key, type, ...rest }, index) => {
        const replies = bodies.slice(index * 2, index * 2 + 2)
        if (isGone(replies)) return []
        return [[key, { key, ...rest, ...contentOf(type, replies, streams.get(key)) } as KeyState] as const]
      }),
    )
  }

  /** A stream that doesn't fit is read from a fixed ID, so that the entries added since are all there. */
  async function longStreams(
    found: readonly { readonly key: string; readonly type: string }[],
    bodies: readonly Reply[],
  ): Promise<ReadonlyMap<string, readonly Entry[]>> {
    const long = found.flatMap(({ key, type }, index) =>
      type === 'stream' && Number(field(bodies[index * 2 + 1], 'length')) > MOST_MEMBERS ? [key] : [],
    )
    for (const key of long) {
      if (starts.has(key)) continue
      const [latest] = await ask([['XREVRANGE', key, '+', '-', 'COUNT', MOST_MEMBERS]])
      starts.set(key, text(list(list(latest).at(-1))[0]))
    }
    const replies = await ask(
      long.map((key) => ['XRANGE', key, starts.get(key) ?? '-', '+', 'COUNT', 2 * MOST_MEMBERS]),
    )
    return new Map(long.map((key, index) => [key, entriesOf(replies[index])]))
  }

  return {
    read,
    async names() {
      const [reply] = await ask([['SCAN', '0', 'COUNT', IN_ONE_SCAN]])
      const [cursor, names] = list(reply)
      const keys = list(names)
        .map(text)
        .filter((key) => key !== SANDBOX_MARKER)
      return text(cursor) === '0' && keys.length <= MOST_KEYS ? keys.sort() : undefined
    },
    async ping() {
      await client.ping()
    },
    forget: () => starts.clear(),
  }
}

/** Two commands for each type: how much there is, and what. */
function commandsFor(key: string, type: string): readonly (readonly (string | number)[])[] {
  switch (type) {
    case 'stream':
      return [
        ['EXISTS', key],
        ['XINFO', 'STREAM', key, 'FULL', 'COUNT', MOST_MEMBERS],
      ]
    case 'hash':
      return [
        ['HLEN', key],
        ['HSCAN', key, '0', 'COUNT', IN_ONE_SCAN],
      ]
    case 'set':
      return [
        ['SCARD', key],
        ['SSCAN', key, '0', 'COUNT', IN_ONE_SCAN],
      ]
    case 'zset':
      return [
        ['ZCARD', key],
        ['ZRANGE', key, 0, MOST_MEMBERS, 'WITHSCORES'],
      ]
    case 'list':
      return [
        ['LLEN', key],
        ['LRANGE', key, 0, MOST_MEMBERS],
      ]
    case 'string':
      return [
        ['STRLEN', key],
        ['GET', key],
      ]
    default:
      return [
        ['EXISTS', key],
        ['EXISTS', key],
      ]
  }
}

/** It expired, or was deleted, after its type had been read. Only a string can be there and be empty. */
function isGone([count, body]: readonly Reply[]): boolean {
  return Number(count) === 0 && !(Buffer.isBuffer(body) && body.length === 0)
}

function contentOf(type: string, [count, body]: readonly Reply[], long: readonly Entry[] | undefined) {
  const length = Number(count)
  const isLarge = length > MOST_MEMBERS
  switch (type) {
    case 'stream':
      return streamOf(body, long)
    case 'hash': {
      const [cursor, pairs] = list(body)
      if (isLarge || text(cursor) !== '0') return large(type, length)
      const fields = inPairs(list(pairs)).map(
        ([name, value]) => [textOf(bytes(name)).s, textOf(bytes(value))] as const,
      )
      return { type, fields: Object.fromEntries(fields) }
    }
    case 'set': {
      const [cursor, members] = list(body)
      if (isLarge || text(cursor) !== '0') return large(type, length)
      return { type, members: texts(members) }
    }
    case 'zset':
      if (isLarge) return large(type, length)
      return {
        type,
        members: inPairs(list(body)).map(([member, score]) => ({
          member: textOf(bytes(member)),
          score: text(score),
        })),
      }
    case 'list':
      return isLarge ? large(type, length) : { type, items: texts(body) }
    case 'string':
      return { type, value: textOf(bytes(body)) }
    default:
      return large(type, 1)
  }
}

function streamOf(info: Reply, long: readonly Entry[] | undefined): Omit<State<'stream'>, 'key'> {
  return {
    type: 'stream',
    entries: long ?? entriesOf(field(info, 'entries')),
    length: Number(field(info, 'length')),
    lastId: text(field(info, 'last-generated-id')),
    groups: list(field(info, 'groups')).map(groupOf),
  }
}

function groupOf(info: Reply): GroupState {
  return {
    group: text(field(info, 'name')),
    cursor: text(field(info, 'last-delivered-id')),
    pending: list(field(info, 'pending')).map((one) => {
      const [id, consumer, , delivered] = list(one)
      return { id: text(id), consumer: text(consumer), delivered: Number(delivered) }
    }),
  }
}

function entriesOf(reply: Reply): readonly Entry[] {
  return list(reply).map((one) => {
    const [id, fields] = list(one)
    return { id: text(id), fields: texts(fields) }
  })
}

function large(of: string, length: number): Omit<State<'large'>, 'key'> {
  return { type: 'large', of, length }
}

/** The value of a name in a reply that lists names and values in turn. */
function field(reply: Reply, name: string): Reply {
  const all = list(reply)
  const at = all.findIndex((one, index) => index % 2 === 0 && text(one) === name)
  return at === -1 ? undefined : all[at + 1]
}

function inPairs(all: readonly Reply[]): readonly (readonly [Reply, Reply])[] {
  return all.flatMap((one, index) => (index % 2 === 0 ? [[one, all[index + 1]] as const] : []))
}

const list = (reply: Reply): readonly Reply[] => (Array.isArray(reply) ? reply : [])
const text = (reply: Reply): string => (reply === null || reply === undefined ? '' : String(reply))
const bytes = (reply: Reply): Buffer | string => (Buffer.isBuffer(reply) ? reply : text(reply))
const texts = (reply: Reply): readonly Text[] => list(reply).map((one) => textOf(bytes(one)))
