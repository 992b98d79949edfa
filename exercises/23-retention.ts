// Lesson 23: retention. Read lessons/23-retention.md; the types below are yours to use and stay as they are.

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

// Task 1
export async function trimLimit(_redis: Redis, _log: Log): Promise<string> {
  throw new Error('Not written yet: trimLimit')
}

// Task 2
export async function retain(
  _redis: Redis,
  _log: Log,
  _archive: Archive,
  _policy: Policy,
  _clock: () => Date,
): Promise<number> {
  throw new Error('Not written yet: retain')
}

// Task 3
export async function readHistory(
  _redis: Redis,
  _stream: string,
  _archive: Archive,
  _afterId: string,
  _count: number,
): Promise<Entry[]> {
  throw new Error('Not written yet: readHistory')
}

// Task 4
export async function indexEvents(_redis: Redis, _stream: string): Promise<number> {
  throw new Error('Not written yet: indexEvents')
}

export async function findEvents(_redis: Redis, _stream: string, _question: Question): Promise<string[]> {
  throw new Error('Not written yet: findEvents')
}

// Task 5
export async function streamSize(
  _redis: Redis,
  _stream: string,
): Promise<{ entries: number; bytes: number }> {
  throw new Error('Not written yet: streamSize')
}
