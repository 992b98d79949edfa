// Lesson 26: erasure. Read lessons/26-erasure.md, and leave the types and the errors as they are.
import type { Redis } from 'ioredis'

/** Data that identifies or describes the person. It is never stored in plain text. */
export type Personal = Readonly<Record<string, string>>

export interface NewEvent {
  readonly eventId: string
  readonly eventType: string
  readonly customerId: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly personal?: Personal
}

export interface StoredEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly personal: Personal | null
}

export interface Customer {
  readonly plan: string
  readonly name: string | null
  readonly email: string | null
  readonly orders: number
  readonly totalCents: number
  readonly forgotten: boolean
}

/** Thrown when an event has personal data of a customer who has been forgotten. */
export class CustomerForgottenError extends Error {
  override readonly name = 'CustomerForgottenError'
  readonly customerId: string

  constructor(customerId: string) {
    super(`Customer ${customerId} has been forgotten, so no personal data may be stored for them`)
    this.customerId = customerId
  }
}

/** The personal data of entry `id` should be readable but isn't: the key is missing, or the ciphertext is damaged. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError'
  readonly id: string

  constructor(id: string, options?: ErrorOptions) {
    super(`The personal data of entry ${id} can't be read: its key is missing, or it's damaged`, options)
    this.id = id
  }
}

// Task 1
export async function storeEvent(_redis: Redis, _event: NewEvent): Promise<string> {
  throw new Error('Not written yet: storeEvent')
}

// Task 2
export async function readEvents(_redis: Redis, _customerId: string): Promise<readonly StoredEvent[]> {
  throw new Error('Not written yet: readEvents')
}

// Task 3
export async function getCustomer(_redis: Redis, _customerId: string): Promise<Customer | null> {
  throw new Error('Not written yet: getCustomer')
}

// Task 4
export async function forgetCustomer(_redis: Redis, _customerId: string, _clock: () => Date): Promise<void> {
  throw new Error('Not written yet: forgetCustomer')
}
