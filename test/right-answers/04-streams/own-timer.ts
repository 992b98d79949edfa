// Waits without a limit in Redis, and ends the wait with a timer of its own that closes the connection.
import type { Redis } from 'ioredis'

export type Fields = Readonly<Record<string, string>>

export interface StreamEntry {
  readonly id: string
  readonly fields: Fields
}

/** For each stream, the ID of the last entry seen. `0-0` is the position before the first entry. */
export type Positions = Readonly<Record<string, string>>

export interface NewEntries {
  readonly entries: readonly (StreamEntry & { readonly stream: string })[]
  /** The position from which to continue, for every stream in the request. */
  readonly positions: Positions
}

/** The error for a field that's missing from an entry or isn't JSON. */
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

/** An entry as Redis replies with it: its fields are a flat list of name, value, name, value. */
type RawEntry = readonly [id: string, flat: readonly string[]]

/** The position before the first entry. */
const BEGINNING = '0-0'
const PAGE_SIZE = 100

/**
 * Appends an entry and resolves to its ID. With `keepAbout`, Redis drops old entries in whole blocks: at least the newest
 * `keepAbout` entries stay, and usually some more.
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
  if (id === null) throw new Error(`XADD ${stream} returned no ID`) // only with NOMKSTREAM
  return id
}

/** Returns the first `count` entries after the ID `after`, oldest first. */
export async function readEntries(
  redis: Redis,
  stream: string,
  after = BEGINNING,
  count = PAGE_SIZE,
): Promise<readonly StreamEntry[]> {
  return (await redis.xrange(stream, `(${after}`, '+', 'COUNT', count)).map(toEntry)
}

/** Returns the last `count` entries, newest first. */
export async function readLatest(
  redis: Redis,
  stream: string,
  count: number,
): Promise<readonly StreamEntry[]> {
  return (await redis.xrevrange(stream, '+', '-', 'COUNT', count)).map(toEntry)
}

/** Returns a negative number, 0, or a positive number, for `sort`. Both parts are 64-bit numbers, too large for a `number`. */
export function compareIds(a: string, b: string): number {
  const [timeA, sequenceA] = parts(a)
  const [timeB, sequenceB] = parts(b)
  return compare(timeA, timeB) || compare(sequenceA, sequenceB)
}

/** Returns the time at which Redis created the ID, by the clock of its machine. */
export function timeOf(id: string): Date {
  return new Date(Number(parts(id)[0]))
}

/** Returns the parsed value of a field. @throws EntryFieldError if the field is missing or isn't JSON */
export function jsonField(entry: StreamEntry, field: string): unknown {
  const text = entry.fields[field]
  if (text === undefined) throw new EntryFieldError(entry.id, field, 'is missing')
  try {
    return JSON.parse(text)
  } catch {
    throw new EntryFieldError(entry.id, field, 'is not JSON')
  }
}

/**
 * Returns the entries after the positions, up to 100 of each stream. If there are none, it waits for the first one,
 * at most `waitMs` milliseconds. With 0, it doesn't wait.
 */
export async function readNew(redis: Redis, positions: Positions, waitMs: number): Promise<NewEntries> {
  const streams = [...Object.keys(positions), ...Object.values(positions)]
  const there = await redis.xread('COUNT', PAGE_SIZE, 'STREAMS', ...streams)
  if (there !== null || waitMs === 0) return collect(positions, there)
  const waiting = redis.duplicate()
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    waiting.disconnect()
  }, waitMs)
  try {
    return collect(positions, await waiting.xread('COUNT', PAGE_SIZE, 'BLOCK', 0, 'STREAMS', ...streams))
  } catch (error) {
    if (isOver) return collect(positions, null)
    throw error
  } finally {
    clearTimeout(timer)
    waiting.disconnect()
  }
}

/** Collects the result. `reply` is null if nothing arrived, and it has no streams without new entries. */
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
