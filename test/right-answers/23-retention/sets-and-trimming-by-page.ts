import type { Redis } from 'ioredis'

export interface Entry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

export interface Log {
  readonly stream: string
  readonly checkpoints: readonly string[]
  readonly snapshots: readonly string[]
}

export interface Archive {
  put(entries: readonly Entry[]): Promise<void>
  read(afterId: string, count: number): Promise<readonly Entry[]>
}

export type Policy =
  | { readonly keep: 'length'; readonly entries: number }
  | { readonly keep: 'age'; readonly ms: number }

export interface Question {
  readonly eventType?: string
  readonly customerId?: string
  readonly from?: Date
  readonly to?: Date
}

// Reads and decides in scripts where possible. The index consists of plain sets and a hash of times.
const later = (a: string, b: string) => {
  const [x = '', y = ''] = a.split('-')
  const [u = '', v = ''] = b.split('-')
  return BigInt(x) === BigInt(u) ? BigInt(y) > BigInt(v) : BigInt(x) > BigInt(u)
}
const bySequence = (a: string, b: string) => (a === b ? 0 : later(a, b) ? 1 : -1)

export async function trimLimit(redis: Redis, log: Log): Promise<string> {
  let groups: unknown[][] = []
  try {
    groups = (await redis.call('XINFO', 'GROUPS', log.stream)) as unknown[][]
  } catch (error) {
    if (String(error).includes('no such key')) return '0-0'
    throw error
  }
  const found: string[] = []
  for (const group of groups) {
    const get = (name: string) => String(group[group.indexOf(name) + 1])
    found.push(get('last-delivered-id'))
    const oldest = (await redis.xpending(log.stream, get('name'), '-', '+', 1)) as [string][]
    for (const [id] of oldest) found.push(id)
  }
  const checkpoints = log.checkpoints.length > 0 ? await redis.mget(...log.checkpoints) : []
  const snapshots = await Promise.all(log.snapshots.map((key) => redis.hget(key, 'lastEventId')))
  for (const id of [...checkpoints, ...snapshots]) found.push(id ?? '0-0')
  return found.sort(bySequence)[0] ?? '0-0'
}

const objectOf = (flat: readonly string[]) => {
  const result: Record<string, string> = {}
  flat.forEach((value, i) => {
    if (i % 2 === 1) result[flat[i - 1] ?? ''] = value
  })
  return result
}

// KEYS: stream. ARGV: how many entries stay. Replies the ID of the first that stays, or '' if there are fewer.
const NTH = `
local page = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[1])
if #page < tonumber(ARGV[1]) then return '' end
return page[#page][1]`

export async function retain(
  redis: Redis,
  log: Log,
  archive: Archive,
  policy: Policy,
  clock: () => Date,
): Promise<number> {
  const limit = await trimLimit(redis, log)
  const oldest = clock().getTime() - (policy.keep === 'age' ? policy.ms : 0)
  const stays = policy.keep === 'length' ? String(await redis.eval(NTH, 1, log.stream, policy.entries)) : '+'
  if (stays === '') return 0
  const newest = (await redis.xrevrange(log.stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
  let moved = 0
  let after = '-'
  for (;;) {
    const page = await redis.xrange(log.stream, after, '+', 'COUNT', 200)
    const go: Entry[] = []
    for (const [id, flat] of page) {
      const fields = objectOf(flat)
      if (!later(limit, id) || id === newest) break
      if (policy.keep === 'length' && !later(stays, id)) break
      if (policy.keep === 'age' && new Date(fields.timestamp ?? 0).getTime() >= oldest) break
      go.push({ id, fields })
    }
    const last = go.at(-1)?.id
    if (last === undefined) return moved
    await archive.put(go)
    const [time, sequence] = last.split('-')
    await redis.xtrim(log.stream, 'MINID', `${time}-${BigInt(sequence ?? 0) + 1n}`)
    moved += go.length
    if (go.length < page.length) return moved
    after = `(${last}`
  }
}

export async function readHistory(
  redis: Redis,
  stream: string,
  archive: Archive,
  afterId: string,
  count: number,
) {
  const entries = await redis.xrange(stream, `(${afterId}`, '+', 'COUNT', count)
  const result = [...(await archive.read(afterId, count))]
  for (const [id, flat] of entries) {
    const last = result.at(-1)?.id ?? afterId
    if (later(id, last)) result.push({ id, fields: objectOf(flat) })
  }
  return result.slice(0, count)
}

// KEYS: stream, position. Replies the next page that isn't indexed yet.
const INDEX = `
local after = redis.call('GET', KEYS[2]) or '0-0'
local page = redis.call('XRANGE', KEYS[1], '(' .. after, '+', 'COUNT', 100)
return page`

export async function indexEvents(redis: Redis, stream: string): Promise<number> {
  let total = 0
  for (;;) {
    const page = (await redis.eval(INDEX, 2, stream, `index:${stream}:position`)) as [string, string[]][]
    const last = page.at(-1)
    if (last === undefined) return total
    for (const [id, flat] of page) {
      const { eventType, customerId, timestamp } = objectOf(flat)
      const multi = redis.multi().hset(`idx:${stream}:times`, id, Date.parse(timestamp ?? ''))
      if (eventType !== undefined) multi.sadd(`idx:${stream}:t:${eventType}`, id)
      if (customerId !== undefined) multi.sadd(`idx:${stream}:c:${customerId}`, id)
      const replies = await multi.set(`index:${stream}:position`, id).exec()
      for (const [error] of replies ?? []) if (error) throw error
    }
    total += page.length
  }
}

export async function findEvents(redis: Redis, stream: string, question: Question): Promise<string[]> {
  const times = await redis.hgetall(`idx:${stream}:times`)
  const keys: string[] = []
  if (question.eventType !== undefined) keys.push(`idx:${stream}:t:${question.eventType}`)
  if (question.customerId !== undefined) keys.push(`idx:${stream}:c:${question.customerId}`)
  const ids = keys.length > 0 ? await redis.sinter(...keys) : Object.keys(times)
  const from = question.from?.getTime() ?? Number.NEGATIVE_INFINITY
  const to = question.to?.getTime() ?? Number.POSITIVE_INFINITY
  return ids.filter((id) => Number(times[id]) >= from && Number(times[id]) < to).sort(bySequence)
}

export async function streamSize(redis: Redis, stream: string): Promise<{ entries: number; bytes: number }> {
  const bytes = (await redis.call('MEMORY', 'USAGE', stream, 'SAMPLES', '0')) as number | null
  return bytes === null ? { entries: 0, bytes: 0 } : { entries: await redis.xlen(stream), bytes }
}
