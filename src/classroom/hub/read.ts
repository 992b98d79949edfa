import { decodeLine, type StoredEvent } from '../../progress/index.ts'
import { mergeEvents } from '../../progress/merge.ts'
import { ClassError } from '../errors.ts'
import type { ClassEvent } from '../projections/class-event.ts'
import type { ClassRedis } from './connect.ts'
import type { ClassKeys } from './keys.ts'

/** An event of a participant, with the time by the hub's clock. */
export interface TimedEvent {
  readonly event: StoredEvent
  readonly at: string
}

/** An entry of a stream as ioredis returns it. */
export type Entry = readonly [id: string, fields: readonly string[]]

/** Entries of one page of a participant's log: even the largest events fit into a few megabytes. */
const PAGE = 500

/** All entries of a stream after an ID, page by page. */
export async function* pagesOf(
  redis: ClassRedis,
  key: string,
  after: string,
): AsyncGenerator<readonly Entry[]> {
  let last = after
  for (;;) {
    const page = await redis.xrange(key, last === '' ? '-' : `(${last}`, '+', 'COUNT', PAGE)
    if (page.length > 0) yield page
    last = page.at(-1)?.[0] ?? last
    if (page.length < PAGE) return
  }
}

/** How much of one progress log of a participant has been received, or read. */
export interface Position {
  readonly learner: string
  readonly logId: string
  readonly n: number
}

/** Part of a log: its events, and how far it goes. An unreadable entry has no event but counts as read. */
export interface Part {
  readonly events: readonly TimedEvent[]
  readonly n: number
}

/** A participant's log after a position, to its end. */
export async function readLog(
  redis: ClassRedis,
  keys: ClassKeys,
  { learner, logId, n }: Position,
): Promise<Part> {
  const events: TimedEvent[] = []
  let last = n
  for await (const page of pagesOf(redis, keys.learner(learner, logId), n === 0 ? '' : `${n}-0`)) {
    events.push(...page.flatMap(toTimed))
    last = numberOf(page, last)
  }
  return { events, n: last }
}

/** Everything in some logs of one person: each event once, with the time by the hub's clock. */
export async function readProgress(
  redis: ClassRedis,
  keys: ClassKeys,
  cursors: readonly Position[],
): Promise<readonly TimedEvent[]> {
  const logs: (readonly StoredEvent[])[] = []
  // One after the other: a hub that reads hundreds of these has to keep its memory.
  for (const cursor of cursors) {
    const { events } = await readLog(redis, keys, { ...cursor, n: 0 })
    logs.push(events.map(({ event, at }) => ({ ...event, timestamp: at })))
  }
  const merged = logs.reduce<readonly StoredEvent[]>((all, log) => mergeEvents(all, log), [])
  return merged.map((event) => ({ event, at: event.timestamp }))
}

/** The beginning of many logs after these positions, `count` entries each, in one round trip. */
export async function readLogs(
  redis: ClassRedis,
  keys: ClassKeys,
  wanted: readonly Position[],
  count: number,
): Promise<readonly Part[]> {
  const pipeline = redis.pipeline()
  for (const { learner, logId, n } of wanted) {
    pipeline.xrange(keys.learner(learner, logId), n === 0 ? '-' : `(${n}-0`, '+', 'COUNT', count)
  }
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, page], index) => {
    if (error !== null) throw error
    const entries = page as Entry[]
    return { events: entries.flatMap(toTimed), n: numberOf(entries, wanted[index]?.n ?? 0) }
  })
}

/** The number of the last entry: their IDs are `<n>-0`. */
function numberOf(entries: readonly Entry[], before: number): number {
  const id = entries.at(-1)?.[0]
  return id === undefined ? before : Number.parseInt(id, 10)
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

/**
 * `<log id> <number>`, once for each progress log of a participant, as cursors are stored. There are several after an
 * import, and for a participant who works on two machines.
 */
export function readCursors(learner: string, text: string | null | undefined): readonly Position[] {
  return [...(text ?? '').matchAll(/(\S+) (\d+)/g)].map(([, logId = '', n]) => ({
    learner,
    logId,
    n: Number(n),
  }))
}
