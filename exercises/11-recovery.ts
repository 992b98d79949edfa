// Lesson 11: recovery. Read lessons/11-recovery.md; the types below are yours to use and stay as they are.
import type { Redis } from 'ioredis'

export interface Member {
  readonly stream: string
  readonly group: string
  readonly consumer: string
}

export interface StreamEvent {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

export interface ClaimedEvent extends StreamEvent {
  readonly deliveries: number
}

export interface RecoverOptions {
  readonly minIdleMs: number
  readonly maxDeliveries: number
  readonly handle: (event: ClaimedEvent) => void | Promise<void>
}

export interface RecoveryReport {
  readonly handled: number
  readonly failed: number
  readonly held: number
  readonly dead: number
}

export class ConsumerBusyError extends Error {
  override readonly name = 'ConsumerBusyError'
  readonly consumer: string
  readonly pending: number

  constructor(consumer: string, pending: number) {
    super(`The consumer "${consumer}" has ${pending} events pending`)
    this.consumer = consumer
    this.pending = pending
  }
}

// Task 1
export async function resume(
  _redis: Redis,
  _member: Member,
  _handle: (event: StreamEvent) => void | Promise<void>,
): Promise<number> {
  throw new Error('Not written yet: resume')
}

// Task 2: this claims what a dead consumer left, or so it seems. Find out what it misses, and fix it.
export async function claimPending(
  redis: Redis,
  { stream, group, consumer }: Member,
  minIdleMs: number,
  limit: number,
): Promise<readonly ClaimedEvent[]> {
  const pending = (await redis.xpending(stream, group, '-', '+', limit)) as [string, string, number, number][]
  const idle = pending.filter(([, , idleMs]) => idleMs >= minIdleMs)
  const events: ClaimedEvent[] = []
  for (const [id, , , deliveries] of idle) {
    const claimed = (await redis.xclaim(stream, group, consumer, 0, id)) as [string, string[]][]
    for (const [claimedId, flat] of claimed) {
      const fields: Record<string, string> = {}
      for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
      events.push({ id: claimedId, fields, deliveries: deliveries + 1 })
    }
  }
  return events
}

// Task 3
export async function recover(
  _redis: Redis,
  _member: Member,
  _options: RecoverOptions,
): Promise<RecoveryReport> {
  throw new Error('Not written yet: recover')
}

// Task 4
export async function retireConsumer(_redis: Redis, _member: Member): Promise<void> {
  throw new Error('Not written yet: retireConsumer')
}
