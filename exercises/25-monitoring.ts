// Lesson 25: monitoring. Read lessons/25-monitoring.md; the types below are yours to use and stay as they are.
import type { Redis } from 'ioredis'

export interface StreamEntry {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

/** A group's counters. `lag` is null if Redis doesn't know it: after some deletions, and before version 7.0. */
export interface GroupCounters {
  readonly name: string
  readonly pending: number
  readonly lag: number | null
  readonly lastDeliveredId: string
}

/**
 * `idle`: time since the consumer last called, in ms (before Redis 7.2: since a call last returned something).
 * `oldestIdle`: the longest time that one of its entries has been pending, in ms; null if nothing is pending.
 */
export interface ConsumerInfo {
  readonly name: string
  readonly pending: number
  readonly idle: number
  readonly oldestIdle: number | null
}

export interface GroupInfo extends GroupCounters {
  readonly oldestIdle: number | null
  readonly consumers: readonly ConsumerInfo[]
}

export interface StreamInfo {
  readonly length: number
  readonly firstEntry: StreamEntry | null
  readonly lastEntry: StreamEntry | null
  readonly groups: readonly GroupInfo[]
}

/** `lag` is a number of entries, the others are in ms. */
export interface Limits {
  readonly lag: number
  readonly entryIdle: number
  readonly consumerIdle: number
}

export type Alarm =
  | {
      readonly kind: 'dead-consumer'
      readonly group: string
      readonly consumer: string
      readonly pending: number
    }
  | {
      readonly kind: 'slow-consumer'
      readonly group: string
      readonly consumer: string
      readonly oldestIdle: number
    }
  | { readonly kind: 'no-consumer'; readonly group: string; readonly lag: number | null }
  | { readonly kind: 'lag-unknown'; readonly group: string }
  | { readonly kind: 'behind'; readonly group: string; readonly lag: number }

// Task 1
export function parseGroup(_reply: readonly unknown[]): GroupCounters {
  throw new Error('Not written yet: parseGroup')
}

// Task 2
export async function getStreamInfo(_redis: Redis, _stream: string): Promise<StreamInfo | null> {
  throw new Error('Not written yet: getStreamInfo')
}

// Task 3
export function findAlarms(_info: StreamInfo, _limits: Limits): readonly Alarm[] {
  throw new Error('Not written yet: findAlarms')
}
