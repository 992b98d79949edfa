import type { Outcome } from '#kit'

/** What a store has to offer to be run through the conformance suite; where it keeps its events is its own affair. */
export interface EventStore {
  append(stream: string, events: readonly StoreEvent[], options: AppendOptions): Promise<Appended>
  read(stream: string, after?: number): AsyncIterable<readonly StoredEvent[]>
  subscribe(handler: (event: LoggedEvent) => void | Promise<void>, options: SubscribeOptions): Promise<void>
  load<State>(stream: string, model: Model<State>): Promise<Loaded<State>>
  saveSnapshot<State>(stream: string, model: Model<State>, loaded: Loaded<State>): Promise<boolean>
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }
export type Payload = { readonly [field: string]: Json }

export interface StoreEvent {
  readonly eventId: string
  readonly timestamp: string
  readonly eventType: string
  readonly entityId: string
  readonly payload: Payload
  readonly metadata: { readonly correlationId?: string }
}

export type Expected = 'any' | 'none' | 'exists' | number

export interface AppendOptions {
  readonly expected: Expected
  readonly commandId?: string
}

export interface Appended {
  readonly version: number
  readonly position: string
}

export interface StoredEvent {
  readonly stream: string
  readonly version: number
  readonly event: StoreEvent
}

export interface LoggedEvent extends StoredEvent {
  readonly position: string
}

export interface SubscribeOptions {
  readonly after?: string
  readonly signal: AbortSignal
}

export interface Model<State> {
  readonly name: string
  readonly version: number
  readonly initial: State
  readonly evolve: (state: State, event: StoreEvent) => State
}

export interface Loaded<State> {
  readonly state: State
  readonly version: number
}

export type Upcasters = Readonly<Record<string, readonly ((payload: Payload) => Payload)[]>>

/** One kind of store, with what the suite needs to look behind its interface. The data is empty before each test. */
export interface Subject {
  readonly errors: {
    readonly ConcurrencyError: new (
      ...args: never[]
    ) => Error & { readonly stream: string; readonly expected: Expected; readonly actual: number }
    readonly InvalidAppendError: new (...args: never[]) => Error & { readonly field: string }
    readonly UnknownSchemaError: new (
      ...args: never[]
    ) => Error & { readonly eventType: string; readonly schemaVersion: number }
  }
  /** One more store on the same data, as another program would open it. */
  open(options?: { readonly upcasters?: Upcasters }): EventStore
  /** What lies in a stream, oldest first; an empty array for a missing one. */
  stored(stream: string): Promise<readonly { readonly version: number; readonly event: StoreEvent }[]>
  /** What lies in the log, oldest first. */
  logged(): Promise<readonly { readonly stream: string; readonly version: number }[]>
  /** Puts the events `counted(1)` … `counted(count)` into an empty stream and into the log, not by way of the store. */
  plant(stream: string, count: number): Promise<void>
  /** Removes all but the newest `keep` events of a stream. */
  trim(stream: string, keep: number): Promise<void>
  /** On clean data: prepares, then runs while replies get lost and commands are sent again; once for each that may be lost. */
  resend(test: Resend): Promise<void>
  readonly sizes: Sizes
}

export interface Resend {
  readonly name: string
  readonly prepare: () => Promise<void>
  readonly run: (store: EventStore) => Promise<Appended>
  readonly verify: (outcome: Outcome<Appended>, lost: string | undefined) => Promise<void>
}

/** Smaller where the server is an imitation that takes minutes for what takes Redis milliseconds. */
export interface Sizes {
  readonly batches: readonly number[]
  readonly writers: number
  /** Characters of the largest payload. */
  readonly payload: number
  /** Events of a long stream: more than a page, which holds 1,000 at most. */
  readonly long: number
}

export const FULL: Sizes = { batches: [1, 100, 10_000], writers: 50, payload: 1_000_000, long: 2_300 }
export const SMALL: Sizes = { batches: [1, 100], writers: 20, payload: 100_000, long: 1_010 }

/** The n-th event of a counter. */
export function counted(n: number, payload: Payload = { by: n }): StoreEvent {
  return {
    eventId: `e-${n}`,
    timestamp: '2026-03-01T10:00:00.000Z',
    eventType: 'COUNTER_RAISED',
    entityId: 'counter-1',
    payload,
    metadata: {},
  }
}

/** The events `counted(from)` … `counted(to)`. */
export function countedFrom(from: number, to: number): readonly StoreEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => counted(from + index))
}

/** `from`, `from + 1` … `to`. */
export function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}

/** For many writers at once: a store that watches and tries again is right, and needs many rounds. Seconds. */
export const CROWD = { seconds: 20 } as const
