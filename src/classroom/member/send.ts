import { statSync } from 'node:fs'
import type { ProgressLog, StoredEvent } from '../../progress/index.ts'
import { logFilesIn } from '../../progress/log-files.ts'
import { type ClassView, type EventsReply, type Joined, paths, type SendEvents } from '../api.ts'
import { ClassError } from '../errors.ts'
import { writeJson } from '../json-file.ts'
import { limits } from '../limits.ts'
import { isSendable } from '../sendable.ts'
import { sendAnswers } from './answers.ts'
import { classFiles } from './files.ts'
import { type Membership, readMembership, readSent, type Sent, writeSent } from './membership.ts'
import { type Destination, RefusedError, request } from './request.ts'

export interface Sending {
  /** `.eventlings`. */
  readonly folder: string
  readonly progress: Pick<ProgressLog, 'since' | 'logId'>
  /** For each request, in milliseconds. */
  readonly timeoutMs?: number
}

/** How long to wait for our turn if the class gets too much from us at once (ms). */
const TURN = 5_000
/** Maximum characters of one request, below the hub's own limit. */
const BATCH_SIZE = 400_000
/** Maximum rounds: a hub that asks for the same thing over and over is broken. */
const MOST_ROUNDS = 2_000

/**
 * Sends the class everything in the progress log that it hasn't acknowledged, in order; then reads its news. Two
 * programs may do this at once: the hub stores each event once. Rejects with ClassUnreachableError or RefusedError
 * (anything acknowledged until then is noted); resolves to the class as the learner sees it, or undefined for a
 * learner who isn't in a class.
 */
export async function sendPending({ folder, progress, timeoutMs }: Sending): Promise<ClassView | undefined> {
  const membership = readMembership(folder)
  if (membership === undefined) return undefined
  const { address, token } = membership
  const to = { address, token, waits: timeoutMs ?? TURN, ...(timeoutMs && { timeoutMs }) }
  let sent = readSent(folder)
  let view: ClassView | undefined
  for (let round = 0; ; round += 1) {
    if (round === MOST_ROUNDS) throw new ClassError('The class keeps asking for the same events.')
    // Before the log is read: anything added in the meantime makes it larger than that.
    const size = sizeOf(folder)
    const { logId } = progress
    if (logId === undefined) break
    if (sent.logId !== logId) sent = { ...sent, logId, n: 0, as: undefined }
    const after = sent.n
    const batch = batchOf(progress.since(after, logId))
    const id = sent.as ?? logId
    if (batch.length === 0) {
      sent = note(folder, { ...sent, size })
      view = await viewOf(to, membership)
      const there = view.logs?.[id] ?? (view.logs === undefined ? sent.n : 0)
      if (there >= sent.n) break
      // The hub has lost its data, all of it or the latest.
      sent = note(folder, { ...sent, n: there })
      continue
    }
    const events = batch.map((event) => ({ ...event, logId: id }))
    const body: SendEvents = { logId: id, after, events, now: new Date().toISOString() }
    const reply = await request<EventsReply>(to, paths.events, body).catch(async (error: unknown) => {
      // Then there's something to tell, even if nothing can be sent.
      if (isClosed(error)) writeJson(classFiles(folder).view, await viewOf(to, membership))
      throw error
    })
    switch (reply.kind) {
      case 'stored':
        // Not the hub's own number: that may come from another machine, whose log is a copy of this one and has
        // grown.
        sent = note(folder, { ...sent, n: batch.at(-1)?.n ?? after })
        break
      case 'send from':
        sent = note(folder, { ...sent, n: reply.after })
        break
      case 'another log':
        sent = note(folder, { ...sent, n: 0, as: crypto.randomUUID() })
        break
      case 'join again':
        await joinAgain(membership, timeoutMs)
        sent = note(folder, { ...sent, n: 0 })
    }
  }
  view ??= await viewOf(to, membership)
  writeJson(classFiles(folder).view, view)
  // Last, because the class may ask to wait with these.
  if (membership.share) await sendAnswers(folder, to)
  return view
}

function isClosed(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 410
}

/** The same for callers that continue either way: resolves to what prevented sending, as a sentence, or undefined. */
export function trySending(sending: Sending): Promise<string | undefined> {
  return sendPending(sending).then(
    () => undefined,
    (error: Error) => error.message,
  )
}

/** The class news. A hub that has lost its data recognizes us by the token alone. */
async function viewOf(to: Destination, membership: Membership): Promise<ClassView> {
  try {
    return await request<ClassView>(to, paths.view)
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status !== 404) throw error
    await joinAgain(membership, to.timeoutMs)
    return request<ClassView>(to, paths.view)
  }
}

/** The hub has lost its data and recognizes us by the token alone. */
export async function joinAgain(
  { address, token, name, share }: Pick<Membership, 'address' | 'token' | 'name' | 'share'>,
  timeoutMs = 5_000,
): Promise<Joined> {
  return request<Joined>({ address, token, timeoutMs }, paths.join, { name, share })
}

/**
 * As many events as fit in one request. Events that the hub would refuse are left out, and leave a gap in the
 * numbers.
 */
function batchOf(events: readonly StoredEvent[]): readonly StoredEvent[] {
  const batch: StoredEvent[] = []
  let size = 0
  for (const event of events) {
    if (!isSendable(event)) continue
    size += JSON.stringify(event).length
    if (batch.length > 0 && (size > BATCH_SIZE || batch.length === limits.batch)) break
    batch.push(event)
  }
  return batch
}

function note(folder: string, sent: Sent): Sent {
  writeSent(folder, sent)
  return sent
}

/** Of the progress log, in bytes. */
export function sizeOf(folder: string): number {
  return statSync(logFilesIn(folder).log, { throwIfNoEntry: false })?.size ?? 0
}
