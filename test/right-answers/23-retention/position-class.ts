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

// Uses a class for IDs and a pipeline to find the limit, and reads the archive, the stream, and the archive again.
class Position {
  readonly time: number
  readonly sequence: number

  constructor(id: string) {
    const match = /^(\d+)-(\d+)$/.exec(id)
    this.time = Number(match?.[1] ?? 0)
    this.sequence = Number(match?.[2] ?? 0)
  }

  before(other: Position): boolean {
    return this.time < other.time || (this.time === other.time && this.sequence < other.sequence)
  }

  toString(): string {
    return `${this.time}-${this.sequence}`
  }
}

const sorted = (ids: Iterable<string>) =>
  [...ids].sort((a, b) => (new Position(a).before(new Position(b)) ? -1 : a === b ? 0 : 1))

export async function trimLimit(redis: Redis, { stream, checkpoints, snapshots }: Log): Promise<string> {
  const exists = await redis.exists(stream)
  if (exists === 0) return '0-0'
  const groups = (await redis.xinfo('GROUPS', stream)) as (string | number)[][]
  const batch = redis.pipeline()
  for (const group of groups) batch.xpending(stream, String(group[1]))
  for (const key of checkpoints) batch.get(key)
  for (const key of snapshots) batch.hget(key, 'lastEventId')
  const replies = (await batch.exec()) ?? []
  const ids: string[] = groups.map((group) => String(group[group.indexOf('last-delivered-id') + 1]))
  for (const [error, reply] of replies) {
    if (error !== null) throw error
    if (Array.isArray(reply)) {
      if (Number(reply[0]) > 0) ids.push(String(reply[1]))
    } else ids.push(typeof reply === 'string' ? reply : '0-0')
  }
  return sorted(ids)[0] ?? '0-0'
}

function entryOf([id, flat]: [string, string[]]): Entry {
  const pairs: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return { id, fields: Object.fromEntries(pairs) }
}

async function cutOf(redis: Redis, stream: string, policy: Policy, now: Date): Promise<Position | undefined> {
  if (policy.keep === 'length') {
    const counted = await redis.xrevrange(stream, '+', '-', 'COUNT', policy.entries)
    const entry = counted[policy.entries - 1]
    return entry === undefined ? undefined : new Position(entry[0])
  }
  let from = '-'
  let newest: string | undefined
  while (true) {
    const page = await redis.xrange(stream, from, '+', 'COUNT', 100)
    if (page.length === 0) return newest === undefined ? undefined : new Position(newest)
    for (const raw of page) {
      const { id, fields } = entryOf(raw)
      if (now.getTime() - policy.ms <= Date.parse(fields.timestamp ?? '')) return new Position(id)
      newest = id
    }
    from = `(${newest}`
  }
}

export async function retain(
  redis: Redis,
  log: Log,
  archive: Archive,
  policy: Policy,
  clock: () => Date,
): Promise<number> {
  const cut = await cutOf(redis, log.stream, policy, clock())
  const needed = new Position(await trimLimit(redis, log))
  if (cut === undefined) return 0
  const limit = needed.before(cut) ? needed : cut
  let count = 0
  let from = '-'
  while (true) {
    const page = (await redis.xrange(log.stream, from, '+', 'COUNT', 200)).map(entryOf)
    const old = page.filter(({ id }) => new Position(id).before(limit))
    if (old.length === 0) break
    await archive.put(old)
    count += old.length
    if (old.length < page.length) break
    from = `(${old.at(-1)?.id}`
  }
  if (count > 0) await redis.call('XTRIM', log.stream, 'MINID', limit.toString())
  return count
}

export async function readHistory(
  redis: Redis,
  stream: string,
  archive: Archive,
  afterId: string,
  count: number,
) {
  for (;;) {
    const before = await archive.read(afterId, count)
    const live = (await redis.xrange(stream, `(${afterId}`, '+', 'COUNT', count)).map(entryOf)
    const after = await archive.read(afterId, count)
    if (after.length !== before.length) continue // another process archived in the meantime
    const all = new Map<string, Entry>()
    for (const entry of after) all.set(entry.id, entry)
    for (const entry of live) all.set(entry.id, entry)
    return sorted(all.keys())
      .slice(0, count)
      .map((id) => all.get(id) as Entry)
  }
}

export async function indexEvents(redis: Redis, stream: string): Promise<number> {
  const positionKey = `index:${stream}:position`
  let position = (await redis.get(positionKey)) ?? '0-0'
  let total = 0
  while (true) {
    const page = (await redis.xrange(stream, `(${position}`, '+', 'COUNT', 100)).map(entryOf)
    if (page.length === 0) return total
    for (const { id, fields } of page) {
      const summary = {
        id,
        eventType: fields.eventType,
        customerId: fields.customerId,
        timestamp: fields.timestamp,
      }
      await redis.hset(`index:${stream}:events`, id, JSON.stringify(summary))
    }
    position = page.at(-1)?.id ?? position
    await redis.set(positionKey, position) // after the index: an event that is indexed twice is in it once
    total += page.length
  }
}

export async function findEvents(redis: Redis, stream: string, question: Question): Promise<string[]> {
  const found: string[] = []
  for (const text of await redis.hvals(`index:${stream}:events`)) {
    const one = JSON.parse(text) as { id: string; eventType?: string; customerId?: string; timestamp: string }
    if (question.eventType !== undefined && one.eventType !== question.eventType) continue
    if (question.customerId !== undefined && one.customerId !== question.customerId) continue
    if (question.from !== undefined && new Date(one.timestamp) < question.from) continue
    if (question.to !== undefined && new Date(one.timestamp) >= question.to) continue
    found.push(one.id)
  }
  return sorted(found)
}

export async function streamSize(redis: Redis, stream: string): Promise<{ entries: number; bytes: number }> {
  const [entries, bytes] = await Promise.all([
    redis.xlen(stream),
    redis.memory('USAGE', stream, 'SAMPLES', 0),
  ])
  return { entries, bytes: bytes ?? 0 }
}
