// task: readNew
// diagnosis: asked again and again
import type { Redis } from 'ioredis'

export type Fields = Readonly<Record<string, string>>

export interface StreamEntry {
  readonly id: string
  readonly fields: Fields
}

/** For each stream the id of the last entry that was seen; `0-0` is the place before the first. */
export type Positions = Readonly<Record<string, string>>

export interface NewEntries {
  readonly entries: readonly (StreamEntry & { readonly stream: string })[]
  /** Where to go on, for every stream that was asked about. */
  readonly positions: Positions
}

/** A field of an entry is missing, or what it holds is no JSON. */
export class EntryFieldError extends Error {
  override readonly name = 'EntryFieldError'
  readonly id: string
  readonly field: string

  constructor(id: string, field: string, problem: string) {
    super(`Entry ${id}: the field ${field} ${problem}`)
    this.id = id
    this.field = field
  }
}

/** As Redis replies it: the fields are a flat list, name, value, name, value. */
type RawEntry = readonly [id: string, flat: readonly string[]]

/** The place before the first entry. */
const BEGINNING = '0-0'
const PAGE_SIZE = 100

/**
 * Appends an entry and resolves to its id. With `keepAbout` old entries are dropped, in whole blocks: at least the newest
 * `keepAbout` stay, usually some more.
 */
export async function addEntry(
  redis: Redis,
  stream: string,
  fields: Fields,
  keepAbout?: number,
): Promise<string> {
  const flat = Object.entries(fields).flat()
  const id =
    keepAbout === undefined
      ? await redis.xadd(stream, '*', ...flat)
      : await redis.xadd(stream, 'MAXLEN', '~', keepAbout, '*', ...flat)
  if (id === null) throw new Error(`XADD ${stream} gave no id`) // with NOMKSTREAM only
  return id
}

/** The first `count` entries behind the id `after`, oldest first. */
export async function readEntries(
  redis: Redis,
  stream: string,
  after = BEGINNING,
  count = PAGE_SIZE,
): Promise<readonly StreamEntry[]> {
  return (await redis.xrange(stream, `(${after}`, '+', 'COUNT', count)).map(toEntry)
}

/** The last `count` entries, newest first. */
export async function readLatest(
  redis: Redis,
  stream: string,
  count: number,
): Promise<readonly StreamEntry[]> {
  return (await redis.xrevrange(stream, '+', '-', 'COUNT', count)).map(toEntry)
}

/** Negative, 0 or positive, for `sort`. Both parts are 64-bit numbers, more than a `number` holds exactly. */
export function compareIds(a: string, b: string): number {
  const [timeA, sequenceA] = parts(a)
  const [timeB, sequenceB] = parts(b)
  return compare(timeA, timeB) || compare(sequenceA, sequenceB)
}

/** When Redis made the id, by the clock of its machine. */
export function timeOf(id: string): Date {
  return new Date(Number(parts(id)[0]))
}

/** @throws EntryFieldError when the field is missing or is no JSON */
export function jsonField(entry: StreamEntry, field: string): unknown {
  const text = entry.fields[field]
  if (text === undefined) throw new EntryFieldError(entry.id, field, 'is missing')
  try {
    return JSON.parse(text)
  } catch {
    throw new EntryFieldError(entry.id, field, 'is no JSON')
  }
}

/**
 * What stands behind the positions, up to 100 entries of each stream. Where there is nothing, it waits for the first entry,
 * at most `waitMs` milliseconds; 0 does not wait.
 */
export async function readNew(redis: Redis, positions: Positions, waitMs: number): Promise<NewEntries> {
  const streams = [...Object.keys(positions), ...Object.values(positions)]
  const until = Date.now() + waitMs
  for (;;) {
    const reply = await redis.xread('COUNT', PAGE_SIZE, 'STREAMS', ...streams)
    if (reply !== null || Date.now() >= until) return collect(positions, reply)
  }
}

/** `reply` is null when nothing came; streams without new entries are not in it. */
function collect(
  positions: Positions,
  reply: readonly (readonly [stream: string, entries: readonly RawEntry[]])[] | null,
): NewEntries {
  const entries = (reply ?? []).flatMap(([stream, raw]) => raw.map((one) => ({ stream, ...toEntry(one) })))
  const seen = Object.fromEntries(entries.map(({ stream, id }) => [stream, id]))
  return { entries, positions: { ...positions, ...seen } }
}

function toEntry([id, flat]: RawEntry): StreamEntry {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return { id, fields: Object.fromEntries(pairs) }
}

function parts(id: string): readonly [time: bigint, sequence: bigint] {
  const [time = '', sequence = '0'] = id.split('-')
  return [BigInt(time), BigInt(sequence)]
}

function compare(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1
}
