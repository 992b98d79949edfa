import type { Redis } from 'ioredis'
import { type DomainEvent, encodeEvent } from '#built/01-events'

/** The strings that `CONFIG GET` returns. */
export interface DurabilitySettings {
  readonly appendonly: string
  readonly appendfsync: string
  readonly save: string
  readonly maxmemoryPolicy: string
}

export type Risk =
  | 'crash-loses-all'
  | 'crash-loses-since-snapshot'
  | 'power-loses-a-second'
  | 'power-loses-more'
  | 'memory-evicts'

export interface Loss {
  readonly lost: readonly string[]
  readonly unacknowledged: readonly string[]
  readonly twice: readonly string[]
}

export interface WriteReport {
  readonly acknowledged: readonly string[]
  readonly refused: string | null
  readonly unknown: string | null
}

export class NotReplicatedError extends Error {
  override name = 'NotReplicatedError'
  constructor(id: string, wanted: number, reached: number) {
    super(`only ${reached} of ${wanted} replicas have ${id}`)
    Object.assign(this, { id: id, wanted, reached })
  }
  declare readonly id: string
  declare readonly wanted: number
  declare readonly reached: number
}

export class BackupError extends Error {
  override name = 'BackupError'
  declare readonly reason: 'incomplete' | 'exists'
  constructor(reason: 'incomplete' | 'exists') {
    super(`cannot restore: ${reason}`)
    Object.assign(this, { reason })
  }
}

export const judgeDurability = ({ appendonly, appendfsync, save, maxmemoryPolicy }: DurabilitySettings) => {
  const disk: Record<string, Risk[]> = {
    always: [],
    everysec: ['power-loses-a-second'],
    no: ['power-loses-more'],
  }
  const crash: Risk = save ? 'crash-loses-since-snapshot' : 'crash-loses-all'
  const memory: Risk[] = maxmemoryPolicy === 'noeviction' ? [] : ['memory-evicts']
  return [...(appendonly === 'yes' ? (disk[appendfsync] ?? []) : [crash]), ...memory]
}

export function countLost(acknowledged: readonly string[], found: readonly string[]): Loss {
  const counts = new Map<string, number>()
  for (const id of found) counts.set(id, (counts.get(id) ?? 0) + 1)
  const promised = new Set(acknowledged)
  return {
    lost: [...promised].filter((id) => !counts.has(id)),
    unacknowledged: [...counts.keys()].filter((id) => !promised.has(id)),
    twice: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
  }
}

export async function checkDurability(redis: Redis): Promise<readonly Risk[]> {
  const flat = (await redis.call('CONFIG', 'GET', '*')) as string[]
  const of = (name: string) => flat[flat.indexOf(name) + 1] ?? ''
  const maxmemoryPolicy = of('maxmemory-policy')
  const settings = { appendonly: of('appendonly'), appendfsync: of('appendfsync'), save: of('save') }
  return judgeDurability({ ...settings, maxmemoryPolicy })
}

export function writeAcknowledged(
  redis: Redis,
  key: string,
  events: Iterable<DomainEvent>,
): Promise<WriteReport> {
  const source = events[Symbol.iterator]()
  const acknowledged: string[] = []
  const next = async (): Promise<WriteReport> => {
    for (;;) {
      const { value, done } = source.next()
      if (done) return { acknowledged, refused: null, unknown: null }
      const error = await redis.call('XADD', key, '*', 'event', encodeEvent(value)).then(
        () => null,
        (why: Error) => why,
      )
      if (error?.name === 'ReplyError') return { acknowledged, refused: value.eventId, unknown: null }
      if (error) return { acknowledged, refused: null, unknown: value.eventId }
      acknowledged.push(value.eventId)
    }
  }
  return next()
}

/** Uses a connection of its own, so that no other caller has to wait. */
export async function appendReplicated(
  redis: Redis,
  key: string,
  event: DomainEvent,
  options: { readonly replicas: number; readonly timeoutMs: number },
): Promise<string> {
  const own = redis.duplicate()
  try {
    const replies = await own
      .pipeline()
      .xadd(key, '*', 'event', encodeEvent(event))
      .wait(options.replicas, options.timeoutMs)
      .exec()
    const [id, reached] = (replies ?? []).map(([error, reply]) => {
      if (error) throw error
      return reply
    }) as [string, number]
    if (reached < options.replicas) throw new NotReplicatedError(id, options.replicas, reached)
    return id
  } finally {
    own.disconnect()
  }
}

/** Yields a line that says what will follow, and then one line for each page. */
export async function* backup(redis: Redis, key: string): AsyncIterable<string> {
  const info = await redis.xinfo('STREAM', key).catch((error: Error) => {
    if (error.message.includes('no such key')) return null
    throw error
  })
  if (info === null) return
  const facts = info as unknown[]
  const last = String(facts[facts.indexOf('last-generated-id') + 1])
  const pages: string[] = []
  let count = 0
  for (let from = '-'; ; ) {
    const page = await redis.xrange(key, from, last, 'COUNT', 400)
    if (page.length === 0) break
    count += page.length
    from = `(${page.at(-1)?.[0]}`
    pages.push(JSON.stringify(page))
  }
  yield `${count} ${last}`
  yield* pages
  yield 'end'
}

/**
 * KEYS[1] is the stream, ARGV[1] its last ID. ARGV[2…] has for each entry: its ID, the number of its fields and values,
 * and the fields and values. Replies 0 if the key exists, otherwise 1.
 */
const RESTORE = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local at = 2
while at <= #ARGV do
  local count = tonumber(ARGV[at + 1])
  local fields = {}
  for i = 1, count do fields[i] = ARGV[at + 1 + i] end
  redis.call('XADD', KEYS[1], ARGV[at], unpack(fields))
  at = at + 2 + count
end
if #ARGV == 1 then
  redis.call('XADD', KEYS[1], ARGV[1], 'f', 'v')
  redis.call('XDEL', KEYS[1], ARGV[1])
end
redis.call('XSETID', KEYS[1], ARGV[1])
return 1`

export async function restore(redis: Redis, key: string, lines: AsyncIterable<string>): Promise<number> {
  const all: string[] = []
  for await (const line of lines) all.push(line)
  const head = /^(\d+) (\d+-\d+)$/.exec(all[0] ?? '')
  if (head === null || all.at(-1) !== 'end') throw new BackupError('incomplete')
  const entries = all.slice(1, -1).flatMap((line) => JSON.parse(line) as [string, string[]][])
  if (entries.length !== Number(head[1])) throw new BackupError('incomplete')
  const args = entries.flatMap(([id, fields]) => [id, fields.length, ...fields])
  const done = await redis.eval(RESTORE, 1, key, head[2] ?? '', ...args)
  if (done === 0) throw new BackupError('exists')
  return entries.length
}
