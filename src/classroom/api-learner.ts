import type { Announcements } from './api-instructor.ts'

/**
 * What the learner's side sends and receives: with `Authorization: Bearer <token>`, except for the first join; see
 * api.ts.
 */

/** GET hello, for everyone: which class this is. */
export interface Hello {
  readonly kind: 'hello'
  readonly class: { readonly id: string; readonly name: string }
}

/** With a token: the same participant again, for a hub that has lost its data; then no code is needed. */
export interface Join {
  readonly code?: string | undefined
  readonly name: string
  readonly share: boolean
}

export interface Joined {
  readonly kind: 'joined'
  readonly class: { readonly id: string; readonly name: string }
  readonly learner: string
  readonly label: string
  readonly token: string
}

/** `after`: the number before the first event here, which the hub must have; numbers rise and may have gaps. */
export interface SendEvents {
  readonly logId: string
  readonly after: number
  readonly events: readonly unknown[]
  /** By the sender's clock: the hub corrects clocks that are off. */
  readonly now: string
}

/** How much more the class can store from this participant; the smaller of their own limit and the class's. */
export interface Budget {
  readonly events: number
  readonly bytes: number
}

export type EventsReply =
  /** Everything up to `n` is safe. */
  | {
      readonly kind: 'stored'
      readonly n: number
      readonly stored: number
      readonly duplicates: number
      readonly left: Budget
    }
  /** The hub is missing events before these: send everything after `after` again. */
  | { readonly kind: 'send from'; readonly after: number }
  /**
   * The hub has something else under these numbers: send the whole log from its start, under a new log ID. Both are
   * kept.
   */
  | { readonly kind: 'another log' }
  /** The token is valid, but the hub has no participant for it: join again with it. */
  | { readonly kind: 'join again' }

export interface SendCode {
  /** From the check that the code belongs to. */
  readonly eventId: string
  readonly slug: string
  readonly code: string
}

/** What a check that failed did in Redis. */
export interface SendRun {
  /** From the check that was recorded. */
  readonly eventId: string
  readonly slug: string
  /** The recording's JSON, with gzip and in base64. */
  readonly run: string
}

export interface Share {
  readonly share: boolean
}

/** GET view: what a learner sees of the class. */
export interface ClassView {
  readonly kind: 'class'
  readonly now: string
  readonly name: string
  readonly label: string
  /** Called `lead` because learners with an earlier version read it, too. */
  readonly lead: Announcements
  /** The instructor's message to them alone. */
  readonly note?: { readonly at: string; readonly text: string }
  readonly handIsUp: boolean
  readonly sharesCode: boolean
  readonly closed: boolean
  /** How far the hub has each of their progress logs, by its ID; missing from an older hub. */
  readonly logs?: Readonly<Record<string, number>>
  /** Missing from an older hub. */
  readonly left?: Budget
}
