import type { Redis } from 'ioredis'

export type Fields = Readonly<Record<string, string>>
export interface StreamEntry {
  readonly id: string
  readonly fields: Fields
}
export type Positions = Readonly<Record<string, string>>
export interface NewEntries {
  readonly entries: readonly (StreamEntry & { readonly stream: string })[]
  readonly positions: Positions
}

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

type Raw = [id: string, flat: string[]]

function paired([id, flat]: Raw): StreamEntry {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string
  return { id, fields }
}

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
  if (id === null) throw new Error('no ID')
  return id
}

export async function readEntries(
  redis: Redis,
  stream: string,
  after = '0-0',
  count = 100,
): Promise<readonly StreamEntry[]> {
  return (await redis.xrange(stream, `(${after}`, '+', 'COUNT', count)).map(paired)
}

export async function readLatest(
  redis: Redis,
  stream: string,
  count: number,
): Promise<readonly StreamEntry[]> {
  return (await redis.xrevrange(stream, '+', '-', 'COUNT', count)).map(paired)
}

function parts(id: string): [bigint, bigint] {
  const [ms = '0', sequence = '0'] = id.split('-')
  return [BigInt(ms), BigInt(sequence)]
}

export function compareIds(a: string, b: string): number {
  const [aMs, aSequence] = parts(a)
  const [bMs, bSequence] = parts(b)
  if (aMs !== bMs) return aMs < bMs ? -1 : 1
  if (aSequence !== bSequence) return aSequence < bSequence ? -1 : 1
  return 0
}

export function timeOf(id: string): Date {
  return new Date(Number(parts(id)[0]))
}

export function jsonField(entry: StreamEntry, field: string): unknown {
  const text = entry.fields[field]
  if (text === undefined) throw new EntryFieldError(entry.id, field, 'is missing')
  try {
    return JSON.parse(text)
  } catch {
    throw new EntryFieldError(entry.id, field, 'is not JSON')
  }
}

export async function readNew(redis: Redis, positions: Positions, waitMs: number): Promise<NewEntries> {
  const names = Object.keys(positions)
  const ids = Object.values(positions)
  const next: Record<string, string> = { ...positions }
  const entries: (StreamEntry & { stream: string })[] = []
  const reply = await read(redis, waitMs, [...names, ...ids])
  for (const [stream, found] of reply ?? []) {
    for (const raw of found) {
      entries.push({ stream, ...paired(raw) })
      next[stream] = raw[0]
    }
  }
  return { entries, positions: next }
}

type Reply = [stream: string, entries: Raw[]][] | null

async function read(redis: Redis, waitMs: number, streams: string[]): Promise<Reply> {
  if (waitMs === 0) return (await redis.xread('COUNT', 100, 'STREAMS', ...streams)) as Reply
  const waiting = redis.duplicate()
  try {
    return (await waiting.xread('COUNT', 100, 'BLOCK', waitMs, 'STREAMS', ...streams)) as Reply
  } finally {
    waiting.disconnect()
  }
}
