// Lesson 17: the order process. Read lessons/17-order-process.md. The constants and types are yours to use; leave them as they are.

import type { Redis } from 'ioredis'
import type { DomainEvent, Payload } from '#built/01-events'

/** The stream that all services of the shop write to and read from. */
export const BUS = 'bus:orders'
/** Maximum time that an order waits for payment and stock, in milliseconds. */
export const DEADLINE_MS = 15 * 60 * 1_000

export type Clock = () => Date

export interface Fact {
  readonly eventType: string
  readonly payload: Payload
}

/** One process of one service. The group names the service, and the consumer names the process. */
export interface Member {
  readonly group: string
  readonly consumer: string
}

/** Returns the reactions of a service to an event. Most events have no reaction. Pure. */
export type React = (event: DomainEvent) => readonly Fact[]

/** Sends an event to a system outside Redis. It may be called twice for one event, with the same key. */
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
