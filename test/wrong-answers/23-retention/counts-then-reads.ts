// task: retain
// diagnosis: Remember up to which id you go, not how many
import type { Redis } from 'ioredis'

export interface Entry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

/** A stream, and what else says how far somebody has read it. */
export interface Log {
  readonly stream: string
  /** Keys of strings, each with the id of the last event handled. */
  readonly checkpoints: readonly string[]
  /** Keys of snapshots: hashes with the field `lastEventId`. */
  readonly snapshots: readonly string[]
}

/** Where old entries go. An id that it has already is kept once, so one may put it again. */
export interface Archive {
  put(entries: readonly Entry[]): Promise<void>
  /** Up to `count` entries behind the id, oldest first. */
  read(afterId: string, count: number): Promise<readonly Entry[]>
}

/** What one would like to keep: the newest `entries`, or what is not older than `ms`. */
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

/** Ids are two numbers; as texts 9-0 would come after 10-0. */
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

/** The first id that somebody may still need: what lies before it has been dealt with by all. `0-0` if nothing has. */
export async function trimLimit(redis: Redis, { stream, checkpoints, snapshots }: Log): Promise<string> {
  if ((await redis.exists(stream)) === 0) return NOTHING
  const ids: string[] = []
  for (const group of (await redis.xinfo('GROUPS', stream)) as unknown[][]) {
    const { name = '', 'last-delivered-id': delivered = NOTHING } = paired(group)
    const [, oldestPending] = (await redis.xpending(stream, name)) as [number, string | null]
    // Both: a group that was set back to replay has entries pending behind its position.
    ids.push(delivered, oldestPending ?? delivered)
  }
  for (const key of checkpoints) ids.push((await redis.get(key)) ?? NOTHING)
  for (const key of snapshots) ids.push((await redis.hget(key, 'lastEventId')) ?? NOTHING)
  return ids.length === 0 ? NOTHING : leastOf(ids)
}

/** Entries behind `after` and before `end`, page by page. */
async function* pages(redis: Redis, stream: string, after: string, end: string): AsyncGenerator<RawEntry[]> {
  let last = after
  while (true) {
    const page = await redis.xrange(stream, `(${last}`, end, 'COUNT', PAGE)
    if (page.length > 0) yield page
    last = page.at(-1)?.[0] ?? last
    if (page.length < PAGE) return
  }
}

/** The oldest entry that the policy keeps. An id, and no number of entries: others write and trim meanwhile. */
async function firstKept(redis: Redis, stream: string, policy: Policy, now: Date): Promise<string> {
  switch (policy.keep) {
    case 'length': {
      const surplus = (await redis.xlen(stream)) - policy.entries
      if (surplus <= 0) return NOTHING
      const old = await redis.xrange(stream, '-', '+', 'COUNT', surplus + 1)
      return old[surplus]?.[0] ?? NOTHING
    }
    case 'age': {
      let newest = NOTHING
      for await (const page of pages(redis, stream, NOTHING, '+')) {
        for (const { id, fields } of page.map(toEntry)) {
          // By the event's own time: an id may be a version.
          if (now.getTime() - Date.parse(fields.timestamp ?? '') <= policy.ms) return id
          newest = id
        }
      }
      return newest
    }
  }
}

/** Moves to the archive what the policy does not keep and nobody needs any more. Resolves to the number of entries moved. */
export async function retain(redis: Redis, log: Log, archive: Archive, policy: Policy, clock: () => Date) {
  const { stream } = log
  const limit = leastOf([await trimLimit(redis, log), await firstKept(redis, stream, policy, clock())])
  if (limit === NOTHING) return 0
  let moved = 0
  for await (const page of pages(redis, stream, NOTHING, `(${limit}`)) {
    await archive.put(page.map(toEntry))
    moved += page.length
  }
  // By id, not MAXLEN: what was written meanwhile is not in the archive.
  if (moved > 0) await redis.xtrim(stream, 'MINID', limit)
  return moved
}

/** Up to `count` entries behind the id, wherever they are; fewer only at the end. */
export async function readHistory(
  redis: Redis,
  stream: string,
  archive: Archive,
  afterId: string,
  count: number,
): Promise<Entry[]> {
  // The stream first: what leaves it before this read is in the archive by the next one.
  const live = (await redis.xrange(stream, `(${afterId}`, '+', 'COUNT', count)).map(toEntry)
  const archived = await archive.read(afterId, count)
  const byId = new Map([...archived, ...live].map((entry) => [entry.id, entry]))
  return [...byId.values()].sort((a, b) => compareIds(a.id, b.id)).slice(0, count)
}

const positionKey = (stream: string) => `index:${stream}:position`
const indexKey = (stream: string, field: string, value: string) => `index:${stream}:${field}:${value}`
/** Under which an event is found: its type, its customer, and "all" for its time. */
const indexesOf = (
  stream: string,
  { eventType, customerId }: Readonly<Record<string, string | undefined>>,
) => [
  indexKey(stream, 'all', ''),
  ...(eventType === undefined ? [] : [indexKey(stream, 'type', eventType)]),
  ...(customerId === undefined ? [] : [indexKey(stream, 'customer', customerId)]),
]

/** Indexes what is new in the stream. Index and position move in one step, page by page. Resolves to the number of events. */
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
    await step.exec()
    count += page.length
  }
  return count
}

/** The ids of the events that fit, in the order of the stream; also of those that are in the archive by now. */
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

/** How much the stream holds and what it takes. `SAMPLES 0`: measured to the end and not estimated from its beginning. */
export async function streamSize(redis: Redis, stream: string): Promise<{ entries: number; bytes: number }> {
  const entries = await redis.xlen(stream)
  const bytes = (await redis.memory('USAGE', stream, 'SAMPLES', 0)) ?? 0
  return { entries, bytes }
}
