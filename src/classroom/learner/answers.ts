import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isKnown, isOwnCheck, type ProgressLog, type StoredEvent } from '../../progress/index.ts'
import { type Done, paths, type SendCode } from '../api.ts'
import { readJson } from '../json-file.ts'
import { limits } from '../limits.ts'
import { classFiles } from './files.ts'
import { readSent, writeSent } from './membership.ts'
import { RefusedError, type Talk, talk } from './talk.ts'

/** A file may be saved by the editor while it is being checked; then it is not what was checked. */
const CLOSE = 1

/**
 * Keeps the answers that were just checked until they can be sent; called only for those who share theirs. `answer` gives the file
 * of a lesson. An answer that was changed since its check is left out: it would not be what failed.
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
  // The last check of each lesson only: the file on the disk is the answer of no other.
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
    // Gone, or not to be read: the check itself is sent all the same.
  }
}

/** Sends what waits; what the class does not take is not tried again. */
export async function sendAnswers(folder: string, to: Talk): Promise<void> {
  const outbox = classFiles(folder).code
  for (const name of namesIn(outbox)) {
    const file = path.join(outbox, name)
    try {
      await talk<Done>(to, paths.code, readJson(file) ?? {})
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status === 429 || error.status >= 500) throw error
    }
    rmSync(file, { force: true })
  }
}

/** Nothing of it waits any more. */
export function dropAnswers(folder: string): void {
  rmSync(classFiles(folder).code, { recursive: true, force: true })
}

export function namesIn(outbox: string): readonly string[] {
  try {
    return readdirSync(outbox).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

/** An own check may be of a file elsewhere; then what stands in the workspace is not what was checked. */
function isOfWorkspace(event: StoredEvent): boolean {
  return isKnown(event) && isOwnCheck(event) && event.payload.target === 'workspace'
}
