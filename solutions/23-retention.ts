import type { Redis } from 'ioredis'

export interface Entry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

/** A stream, and the keys that say how far its readers have gotten. */
export interface Log {
  readonly stream: string
  /** Keys of strings, each with the ID of the last event handled. */
  readonly checkpoints: readonly string[]
  /** Keys of snapshots: hashes with the field `lastEventId`. */
  readonly snapshots: readonly string[]
}

/** Where old entries go. It keeps each ID only once, so you can put an entry again. */
export interface Archive {
  put(entries: readonly Entry[]): Promise<void>
  /** Returns up to `count` entries after the ID, oldest first. */
  read(afterId: string, count: number): Promise<readonly Entry[]>
}

/** What to keep in the stream: the newest `entries`, or entries that aren't older than `ms`. */
export type Policy =
  | { readonly keep: 'length'; readonly entries: number }
  | { readonly keep: 'age'; readonly ms: number }

export interface Question {
  readonly eventType?: string
  readonly customerId?: string
  /** Inclusive. */
  readonly from?: Date
  /** Exclusive. */
  readonly to?: Date
}

type RawEntry = readonly [id: string, fields: readonly string[]]

const PAGE = 100
const NOTHING = '0-0'

/** IDs are two numbers. As strings, 9-0 would come after 10-0. */
function compareIds(a: string, b: string): number {
  const [aTime = 0, aSeq = 0] = a.split('-').map(Number)
  const [bTime = 0, bSeq = 0] = b.split('-').map(Number)
  return aTime - bTime || aSeq - bSeq
}

const leastOf = (ids: readonly string[]) => ids.reduce((a, b) => (compareIds(b, a) < 0 ? b : a))

function paired(flat: readonly unknown[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}

const toEntry = ([id, fields]: RawEntry): Entry => ({ id, fields: paired(fields) })

/** Returns the first ID that a reader may still need: all readers are done with the entries before it. `0-0` if there are none. */
export async function trimLimit(redis: Redis, { stream, checkpoints, snapshots }: Log): Promise<string> {
  if ((await redis.exists(stream)) === 0) return NOTHING
  const ids: string[] = []
  for (const group of (await redis.xinfo('GROUPS', stream)) as unknown[][]) {
    const { name = '', 'last-delivered-id': delivered = NOTHING } = paired(group)
    const [, oldestPending] = (await redis.xpending(stream, name)) as [number, string | null]
    // Both count: a group that was set back for a replay has pending entries after its position.
    ids.push(delivered, oldestPending ?? delivered)
  }
  for (const key of checkpoints) ids.push((await redis.get(key)) ?? NOTHING)
  for (const key of snapshots) ids.push((await redis.hget(key, 'lastEventId')) ?? NOTHING)
  return ids.length === 0 ? NOTHING : leastOf(ids)
}

/** Yields the entries after `after` up to `end`, page by page. */
async function* pages(redis: Redis, stream: string, after: string, end: string): AsyncGenerator<RawEntry[]> {
  let last = after
  while (true) {
    const page = await redis.xrange(stream, `(${last}`, end, 'COUNT', PAGE)
    if (page.length > 0) yield page
    last = page.at(-1)?.[0] ?? last
    if (page.length < PAGE) return
  }
}

/** Returns the ID of the oldest entry to keep. A number of entries would change its meaning when others write or trim. */
async function firstKept(redis: Redis, stream: string, policy: Policy, now: Date): Promise<string> {
  switch (policy.keep) {
    case 'length': {
      let left = policy.entries
      let end = '+'
      while (true) {
        const page = await redis.xrevrange(stream, end, '-', 'COUNT', Math.min(left, PAGE))
        const [oldest] = page.at(-1) ?? []
        if (oldest === undefined) return NOTHING // fewer than the policy keeps
        left -= page.length
        if (left === 0) return oldest
        end = `(${oldest}`
      }
    }
    case 'age': {
      let newest = NOTHING
      for await (const page of pages(redis, stream, NOTHING, '+')) {
        for (const { id, fields } of page.map(toEntry)) {
          // Use the event's own time, because an ID may be a version.
          if (now.getTime() - Date.parse(fields.timestamp ?? '') <= policy.ms) return id
          newest = id
        }
      }
      return newest
    }
  }
}

/** Moves entries to the archive that the policy doesn't keep and no reader needs. Resolves to the number of entries moved. */
export async function retain(redis: Redis, log: Log, archive: Archive, policy: Policy, clock: () => Date) {
  const { stream } = log
  const limit = leastOf([await trimLimit(redis, log), await firstKept(redis, stream, policy, clock())])
  if (limit === NOTHING) return 0
  let moved = 0
  for await (const page of pages(redis, stream, NOTHING, `(${limit}`)) {
    await archive.put(page.map(toEntry))
    moved += page.length
  }
  // By ID, not MAXLEN: entries written in the meantime aren't in the archive.
  if (moved > 0) await redis.xtrim(stream, 'MINID', limit)
  return moved
}

/** Returns up to `count` entries after the ID, wherever they are. Fewer only at the end. */
export async function readHistory(
  redis: Redis,
  stream: string,
  archive: Archive,
  afterId: string,
  count: number,
): Promise<Entry[]> {
  // Read the stream first: an entry that leaves it before this read is in the archive by the next one.
  const live = (await redis.xrange(stream, `(${afterId}`, '+', 'COUNT', count)).map(toEntry)
  const archived = await archive.read(afterId, count)
  const byId = new Map([...archived, ...live].map((entry) => [entry.id, entry]))
  return [...byId.values()].sort((a, b) => compareIds(a.id, b.id)).slice(0, count)
}

const positionKey = (stream: string) => `index:${stream}:position`
const indexKey = (stream: string, field: string, value: string) => `index:${stream}:${field}:${value}`
/** Returns the keys of the indexes that contain an event: its type, its customer, and "all" for its time. */
const indexesOf = (
  stream: string,
  { eventType, customerId }: Readonly<Record<string, string | undefined>>,
) => [
  indexKey(stream, 'all', ''),
  ...(eventType === undefined ? [] : [indexKey(stream, 'type', eventType)]),
  ...(customerId === undefined ? [] : [indexKey(stream, 'customer', customerId)]),
]

/** Indexes the new events of the stream. Index and position change in one step per page. Resolves to the number of events. */
export async function indexEvents(redis: Redis, stream: string): Promise<number> {
  let count = 0
  const start = (await redis.get(positionKey(stream))) ?? NOTHING
  for await (const page of pages(redis, stream, start, '+')) {
    const step = redis.multi()
    for (const { id, fields } of page.map(toEntry)) {
      const time = Date.parse(fields.timestamp ?? '')
      for (const key of indexesOf(stream, fields)) step.zadd(key, time, id)
    }
    step.set(positionKey(stream), page.at(-1)?.[0] ?? start)
    // EXEC resolves even if one of its commands fails.
    for (const [error] of (await step.exec()) ?? []) if (error !== null) throw error
    count += page.length
  }
  return count
}

/** Returns the IDs of the matching events in stream order, including events that are in the archive by now. */
export async function findEvents(redis: Redis, stream: string, question: Question): Promise<string[]> {
  const { eventType, customerId, from, to } = question
  const min = from === undefined ? '-inf' : from.getTime()
  const max = to === undefined ? '+inf' : `(${to.getTime()}`
  const answers: string[][] = []
  for (const key of indexesOf(stream, { eventType, customerId })) {
    answers.push(await redis.zrangebyscore(key, min, max))
  }
  const [first = [], ...others] = answers.map((ids) => new Set(ids))
  return [...first].filter((id) => others.every((ids) => ids.has(id))).sort(compareIds)
}

/** Returns how many entries the stream has and how much memory it takes. `SAMPLES 0` measures all of it instead of estimating. */
export async function streamSize(redis: Redis, stream: string): Promise<{ entries: number; bytes: number }> {
  const entries = await redis.xlen(stream)
  const bytes = (await redis.memory('USAGE', stream, 'SAMPLES', 0)) ?? 0
  return { entries, bytes }
}
