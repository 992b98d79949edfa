import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isKnown, isOwnCheck, type ProgressLog, type StoredEvent } from '../../progress/index.ts'
import { type Done, paths, type SendCode } from '../api.ts'
import { readJson } from '../json-file.ts'
import { limits } from '../limits.ts'
import { classFiles } from './files.ts'
import { readSent, writeSent } from './membership.ts'
import { type Destination, RefusedError, request } from './request.ts'

/** The editor may save a file while it's being checked; then it isn't the one that was checked. */
const CLOSE = 1

/**
 * Keeps the answers that were just checked until they can be sent; called only for learners who share theirs.
 * `answer` returns the path of a lesson's file. An answer that was changed since its check is left out, because it
 * isn't the one that failed.
 */
export function keepAnswers(
  folder: string,
  progress: Pick<ProgressLog, 'since' | 'logId'>,
  answer: (slug: string) => string,
): void {
  const sent = readSent(folder)
  const { logId } = progress
  if (logId === undefined) return
  const events = progress.since(sent.logId === logId ? sent.seen : 0, logId)
  const last = events.at(-1)
  if (last === undefined) return
  // Only the last check of each lesson: the file on the disk is the answer of no other.
  const checks = new Map(events.filter(isOfWorkspace).map((event) => [event.entityId, event]))
  for (const event of checks.values()) keep(folder, event, answer(event.entityId))
  writeSent(folder, { ...sent, ...(sent.logId !== logId && { logId, n: 0, as: undefined }), seen: last.n })
}

function keep(folder: string, { eventId, entityId, timestamp }: StoredEvent, file: string): void {
  const outbox = classFiles(folder).code
  try {
    if (statSync(file).mtimeMs > Date.parse(timestamp) + CLOSE) return
    const code = readFileSync(file, 'utf8')
    if (code.length > limits.code) return
    mkdirSync(outbox, { recursive: true, mode: 0o700 })
    if (readdirSync(outbox).length >= limits.codes) return
    const body: SendCode = { eventId, slug: entityId, code }
    writeFileSync(path.join(outbox, `${eventId}.json`), JSON.stringify(body), { mode: 0o600 })
  } catch {
    // Gone, or unreadable: the check itself is still sent.
  }
}

/** Sends the waiting answers, then the recordings; one that the class refuses isn't retried. */
export async function sendAnswers(folder: string, to: Destination): Promise<void> {
  const { code, runs } = classFiles(folder)
  await sendAll(code, paths.code, to)
  await sendAll(runs, paths.run, to)
}

async function sendAll(outbox: string, address: string, to: Destination): Promise<void> {
  for (const name of namesIn(outbox)) {
    const file = path.join(outbox, name)
    try {
      await request<Done>(to, address, readJson(file) ?? {})
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status === 429 || error.status >= 500) throw error
    }
    rmSync(file, { force: true })
  }
}

/** Whether any answer or recording is waiting. */
export function hasAnswers(folder: string): boolean {
  const { code, runs } = classFiles(folder)
  return namesIn(code).length > 0 || namesIn(runs).length > 0
}

/** Discards all waiting answers and recordings. */
export function dropAnswers(folder: string): void {
  const { code, runs } = classFiles(folder)
  for (const outbox of [code, runs]) rmSync(outbox, { recursive: true, force: true })
}

export function namesIn(outbox: string): readonly string[] {
  try {
    return readdirSync(outbox).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

/** A check may be of a file elsewhere; then the one in the workspace isn't what was checked. */
function isOfWorkspace(event: StoredEvent): boolean {
  return isKnown(event) && isOwnCheck(event) && event.payload.target === 'workspace'
}
