// Lesson 12: idempotency. Read lessons/12-idempotency.md; the types below are yours to use and stay as they are.
import type { Redis } from 'ioredis'

export interface PointsEvent {
  readonly eventId: string
  readonly eventType: 'POINTS_EARNED' | 'POINTS_SPENT'
  readonly userId: string
  readonly points: number
}

export interface NewEvent {
  readonly eventType: string
  readonly payload: Readonly<Record<string, string | number>>
}

export interface Append {
  readonly stream: string
  readonly commandId: string
  readonly expectedVersion: number
  readonly events: readonly NewEvent[]
  readonly answer: string
}

export interface SpendPoints {
  readonly commandId: string
  readonly userId: string
  readonly points: number
}

export interface SpendAnswer {
  readonly accepted: boolean
  readonly balance: number
}

export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError'
  readonly stream: string
  readonly expected: number
  readonly actual: number

  constructor(stream: string, expected: number, actual: number) {
    super(`${stream} is at version ${actual}, not ${expected}`)
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}

// Task 1: an event that arrives twice counts once, as long as nothing goes wrong. Find out what can, and fix it.
export async function applyOnce(redis: Redis, event: PointsEvent): Promise<'applied' | 'duplicate'> {
  const model = `points:${event.userId}`
  const isNew = await redis.sadd(`${model}:seen`, event.eventId)
  if (isNew === 0) return 'duplicate'
  await redis.expire(`${model}:seen`, 3_600)
  await redis.hincrby(model, 'balance', event.eventType === 'POINTS_EARNED' ? event.points : -event.points)
  await redis.hincrby(model, 'changes', 1)
  return 'applied'
}

// Task 2
export async function appendOnce(_redis: Redis, _append: Append): Promise<string> {
  throw new Error('Not written yet: appendOnce')
}

// Task 3
export async function spendPoints(_redis: Redis, _command: SpendPoints): Promise<SpendAnswer> {
  throw new Error('Not written yet: spendPoints')
}
