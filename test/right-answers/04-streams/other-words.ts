/** Uses inclusive ranges as before Redis 6.2, raw commands, and polling instead of blocking. */
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
  readonly id: string
  readonly field: string
  constructor(id: string, field: string) {
    super(`${id} has no JSON in ${field}`)
    this.name = 'EntryFieldError'
    this.id = id
    this.field = field
  }
}

const ADD = `
local trim = tonumber(ARGV[1])
local fields = {}
for i = 2, #ARGV do fields[#fields + 1] = ARGV[i] end
if trim > 0 then return redis.call('XADD', KEYS[1], 'MAXLEN', '~', trim, '*', unpack(fields)) end
return redis.call('XADD', KEYS[1], '*', unpack(fields))`

export async function addEntry(redis: Redis, stream: string, fields: Fields, keepAbout = 0): Promise<string> {
  const flat: string[] = []
  for (const name in fields) flat.push(name, fields[name] ?? '')
  return String(await redis.eval(ADD, 1, stream, keepAbout, ...flat))
}

export async function readEntries(redis: Redis, stream: string, after = '0-0', count = 100) {
  const reply = (await redis.call('XRANGE', stream, after, '+', 'COUNT', count + 1)) as [string, string[]][]
  return reply
    .filter(([id]) => id !== after)
    .slice(0, count)
    .map(pair)
}

export async function readLatest(redis: Redis, stream: string, count: number) {
  return ((await redis.call('XREVRANGE', stream, '+', '-', 'COUNT', count)) as [string, string[]][]).map(pair)
}

export const compareIds = (a: string, b: string): number => {
  const key = (id: string) =>
    id
      .split('-')
      .map((part) => part.padStart(20, '0'))
      .join('-')
  return key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0
}

export const timeOf = (id: string): Date => new Date(Number.parseInt(id, 10))

export const jsonField = (entry: StreamEntry, field: string): unknown => {
  try {
    return JSON.parse(entry.fields[field] as string)
  } catch {
    throw new EntryFieldError(entry.id, field)
  }
}

export async function readNew(redis: Redis, positions: Positions, waitMs: number): Promise<NewEntries> {
  for (let left = waitMs; ; left -= 5) {
    const entries: (StreamEntry & { stream: string })[] = []
    const next: Record<string, string> = { ...positions }
    for (const stream of Object.keys(positions)) {
      for (const entry of await readEntries(redis, stream, positions[stream])) {
        entries.push({ stream, ...entry })
        next[stream] = entry.id
      }
    }
    if (entries.length > 0 || left <= 0) return { entries, positions: next }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function pair([id, flat]: [string, string[]]): StreamEntry {
  const fields: Record<string, string> = {}
  flat.forEach((name, i) => {
    if (i % 2 === 0) fields[name] = flat[i + 1] ?? ''
  })
  return { id, fields }
}
