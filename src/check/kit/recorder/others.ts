/** What only a recording shows: what the suite's own clients send, and the messages that arrive. */
import type { Redis } from 'ioredis'
import type { SentCommand } from '../context.ts'
import type { ForeignCommand } from './foreign.ts'
import { hearMessages } from './hear-messages.ts'
import { nextMoment } from './moments.ts'
import type { LoggedMessage } from './step-log.ts'

/** Maximum number of messages kept, because a test may publish without end. */
const MOST_MESSAGES = 1_000

let keeps = false
let foreign: ForeignCommand[] = []
let messages: LoggedMessage[] = []

/** Whether to keep any of it. */
export function keepOthers(wanted: boolean): void {
  keeps = wanted
}

export function keepsOthers(): boolean {
  return keeps
}

/** What the suite's own clients have changed, or may have, since the learner's first command. */
export function foreignCommands(): readonly ForeignCommand[] {
  return foreign
}

/** The messages of Pub/Sub that have reached the learner's connections since. */
export function receivedMessages(): readonly LoggedMessage[] {
  return messages
}

export function addForeign(command: ForeignCommand): void {
  foreign.push(command)
}

export function forgetOthers(): void {
  foreign = []
  messages = []
}

/** The learner's code may replace the global later. */
const now = performance.now.bind(performance)

/** Keeps the messages that reach a client that has subscribed, as long as it counts. */
export function hear(client: Redis, { caller, client: number }: SentCommand, counts: () => boolean): void {
  if (!keeps) return
  hearMessages(client, (channel, text) => {
    if (!counts() || messages.length >= MOST_MESSAGES) return
    const moment = { at: now(), answered: nextMoment() }
    messages.push({ kind: 'message', caller, client: number, channel, text, from: undefined, ...moment })
  })
}
