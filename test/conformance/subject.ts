import type { Outcome } from '#kit'

/** The interface that a store needs for the conformance suite. It may keep its events anywhere. */
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

/** One kind of store, with what the suite needs to inspect its data. The data is empty before each test. */
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
  /** Opens another store on the same data, as another program would. */
  open(options?: { readonly upcasters?: Upcasters }): EventStore
  /** Returns the events of a stream, oldest first; an empty array if there is no such stream. */
  stored(stream: string): Promise<readonly { readonly version: number; readonly event: StoreEvent }[]>
  /** Returns the entries of the log, oldest first. */
  logged(): Promise<readonly { readonly stream: string; readonly version: number }[]>
  /** Writes the events `counted(1)` … `counted(count)` to an empty stream and to the log, without using the store. */
  plant(stream: string, count: number): Promise<void>
  /** Removes all but the newest `keep` events of a stream. */
  trim(stream: string, keep: number): Promise<void>
  /** On clean data: prepares, then runs while a reply is lost and its command is sent again; once for each reply that can be lost. */
  resend(test: Resend): Promise<void>
  readonly sizes: Sizes
}

export interface Resend {
  readonly name: string
  readonly prepare: () => Promise<void>
  readonly run: (store: EventStore) => Promise<Appended>
  readonly verify: (outcome: Outcome<Appended>, lost: string | undefined) => Promise<void>
}

/** Smaller on the embedded server, which takes minutes for what takes Redis milliseconds. */
export interface Sizes {
  readonly batches: readonly number[]
  readonly writers: number
  /** Number of characters in the largest payload. */
  readonly payload: number
  /** Number of events in a long stream: more than a few pages, which have 1,000 at most. */
  readonly long: number
}

export const FULL: Sizes = { batches: [1, 100, 10_000], writers: 50, payload: 1_000_000, long: 5_500 }
export const SMALL: Sizes = { batches: [1, 100], writers: 20, payload: 100_000, long: 1_010 }

/** Returns the n-th event of a counter. */
export function counted(n: number, payload: Payload = { by: n }): StoreEvent {
  return {
    eventId: `e-${n}`,
    timestamp: '2026-03-01T10:00:00.000Z',
    eventType: 'COUNTER_RAISED',
    entityId: 'counter-1',
    payload,
    metadata: { correlationId: `r-${n}` },
  }
}

/** Returns the events `counted(from)` … `counted(to)`. */
export function countedFrom(from: number, to: number): readonly StoreEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => counted(from + index))
}

/** Returns the numbers `from`, `from + 1` … `to`. */
export function numbers(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}

/** Time limit for many writers at once, in seconds. A store that uses WATCH and tries again is right, but needs many rounds. */
export const CROWD = { seconds: 20 } as const
