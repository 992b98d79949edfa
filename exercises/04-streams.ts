// Lesson 04: streams. Read lessons/04-streams.md. Use the types and the error below as they are.
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

/** `new EntryFieldError('1700000000000-0', 'data', 'is missing')` */
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

// Task 1
export async function addEntry(
  _redis: Redis,
  _stream: string,
  _fields: Fields,
  _keepAbout?: number,
): Promise<string> {
  throw new Error('Not written yet: addEntry')
}

// Task 2
export async function readEntries(
  _redis: Redis,
  _stream: string,
  _after = '0-0',
  _count = 100,
): Promise<readonly StreamEntry[]> {
  throw new Error('Not written yet: readEntries')
}

export async function readLatest(
  _redis: Redis,
  _stream: string,
  _count: number,
): Promise<readonly StreamEntry[]> {
  throw new Error('Not written yet: readLatest')
}

// Task 3
export function compareIds(_a: string, _b: string): number {
  throw new Error('Not written yet: compareIds')
}

export function timeOf(_id: string): Date {
  throw new Error('Not written yet: timeOf')
}

export function jsonField(_entry: StreamEntry, _field: string): unknown {
  throw new Error('Not written yet: jsonField')
}

// Task 4
export async function readNew(_redis: Redis, _positions: Positions, _waitMs: number): Promise<NewEntries> {
  throw new Error('Not written yet: readNew')
}
