// Lesson 17: the order process. Read lessons/17-order-process.md; the constants and types are yours to use and stay as they are.

import type { Redis } from 'ioredis'
import type { DomainEvent, Payload } from '#built/01-events'

/** All services of the shop write here and read here. */
export const BUS = 'bus:orders'
/** How long an order waits for payment and stock. */
export const DEADLINE_MS = 15 * 60 * 1_000

export type Clock = () => Date

export interface Fact {
  readonly eventType: string
  readonly payload: Payload
}

/** One process of one service: the group is the service, the consumer is the process. */
export interface Member {
  readonly group: string
  readonly consumer: string
}

/** What a service makes of an event; nothing of most. Pure. */
export type React = (event: DomainEvent) => readonly Fact[]

/** Something outside of Redis. It may be asked twice for one event, with the same key. */
export type Send = (event: DomainEvent, options: { readonly idempotencyKey: string }) => Promise<void>

// Task 1
export function nextSteps(_history: readonly DomainEvent[], _now: Date): readonly Fact[] {
  throw new Error('Not written yet: nextSteps')
}

// Task 2
export async function runService(
  _redis: Redis,
  _member: Member,
  _react: React,
  _clock: Clock,
): Promise<number> {
  throw new Error('Not written yet: runService')
}

// Task 3
export async function runProcess(_redis: Redis, _consumer: string, _clock: Clock): Promise<number> {
  throw new Error('Not written yet: runProcess')
}

export async function expireOrders(_redis: Redis, _clock: Clock): Promise<number> {
  throw new Error('Not written yet: expireOrders')
}

// Task 4
export async function forward(_redis: Redis, _member: Member, _send: Send): Promise<number> {
  throw new Error('Not written yet: forward')
}
