import { decodeLine, type StoredEvent } from '../../progress/index.ts'
import { mergeEvents } from '../../progress/merge.ts'
import { ClassError } from '../errors.ts'
import type { ClassEvent } from '../projections/class-event.ts'
import type { ClassRedis } from './connect.ts'
import type { ClassKeys } from './keys.ts'
import type { TimedEvent } from './store.ts'

/** An entry of a stream as ioredis returns it. */
export type Entry = readonly [id: string, fields: readonly string[]]

const PAGE = 1_000

/** All entries of a stream after an ID, page by page. */
export async function readStream(redis: ClassRedis, key: string, after: string): Promise<readonly Entry[]> {
  const all: Entry[] = []
  let last = after
  for (;;) {
    const page = await redis.xrange(key, last === '' ? '-' : `(${last}`, '+', 'COUNT', PAGE)
    all.push(...page)
    last = page.at(-1)?.[0] ?? last
    if (page.length < PAGE) return all
  }
}

/** Page after page of a participant's log after number `n`. */
export async function readLog(
  redis: ClassRedis,
  keys: ClassKeys,
  learner: string,
  logId: string,
  n: number,
): Promise<readonly TimedEvent[]> {
  const entries = await readStream(redis, keys.learner(learner, logId), n === 0 ? '' : `${n}-0`)
  return entries.flatMap(toTimed)
}

/** Everything a participant did: the events of all their logs, each once, with the time by the hub's clock. */
export async function readProgress(
  redis: ClassRedis,
  keys: ClassKeys,
  learner: string,
  head: readonly Position[],
): Promise<readonly TimedEvent[]> {
  const logs = await Promise.all(head.map(({ logId }) => readLog(redis, keys, learner, logId, 0)))
  const timed = logs.map((log) => log.map(({ event, at }) => ({ ...event, timestamp: at })))
  const merged = timed.reduce<readonly StoredEvent[]>((all, log) => mergeEvents(all, log), [])
  return merged.map((event) => ({ event, at: event.timestamp }))
}

/** One page each for many participants, in one round trip. */
export async function readLogs(
  redis: ClassRedis,
  keys: ClassKeys,
  wanted: readonly { readonly learner: string; readonly logId: string; readonly n: number }[],
): Promise<readonly (readonly TimedEvent[])[]> {
  const pipeline = redis.pipeline()
  for (const { learner, logId, n } of wanted) {
    pipeline.xrange(keys.learner(learner, logId), n === 0 ? '-' : `(${n}-0`, '+', 'COUNT', PAGE)
  }
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, entries]) => {
    if (error !== null) throw error
    return (entries as Entry[]).flatMap(toTimed)
  })
}

/** Entries were checked before they were stored; unreadable ones don't count. */
function toTimed([, fields]: Entry): readonly TimedEvent[] {
  const decoded = decodeLine(fieldOf(fields, 'event'))
  return decoded.kind === 'malformed' ? [] : [{ event: decoded.event, at: fieldOf(fields, 'at') }]
}

export function toClassEvent([id, fields]: Entry): ClassEvent {
  try {
    return JSON.parse(fieldOf(fields, 'event'))
  } catch {
    throw new ClassError(
      `Entry ${id} of the class's log can't be read. It isn't from eventlings, or it was changed.`,
    )
  }
}

export function fieldOf(fields: readonly string[], name: string): string {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1] ?? ''
  return ''
}

/** How much of one progress log of a participant has been received. */
export interface Position {
  readonly logId: string
  readonly n: number
}

/**
 * `<log id> <number>`, once for each progress log of a participant, as heads are stored. There are several after an
 * import, and for a participant who works on two machines.
 */
export function readHead(text: string): readonly Position[] {
  return [...text.matchAll(/(\S+) (\d+)/g)].map(([, logId = '', n]) => ({ logId, n: Number(n) }))
}
