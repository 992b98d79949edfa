import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { type CheckEvent, isKnown, isOwnCheck, type ProgressLog } from '../../progress/index.ts'
import type { Recording } from '../../recording/index.ts'
import type { SendRun } from '../api.ts'
import { readJson } from '../json-file.ts'
import { limits } from '../limits.ts'
import { namesIn } from './answers.ts'
import { classFiles } from './files.ts'

/**
 * Keeps the recording of the last check until it can be sent, once it's there: it's made after the verdict. Called
 * only for learners who share their code. `file` is where the last check that failed is recorded.
 */
export function keepRun(folder: string, progress: Pick<ProgressLog, 'since' | 'logId'>, file: string): void {
  const outbox = classFiles(folder).runs
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  const seen = path.join(outbox, 'seen')
  if (made === undefined || textOf(seen) === String(made)) return
  mkdirSync(outbox, { recursive: true, mode: 0o700 })
  writeFileSync(seen, String(made))
  const recording = readJson(file) as Recording | undefined
  const event = progress.logId === undefined ? undefined : lastCheck(progress)
  if (recording === undefined || event === undefined || !isOf(recording, event, made)) return
  const packed = gzipSync(JSON.stringify(withoutFolders(recording)), { level: 9 })
  if (packed.byteLength > limits.run) return
  const body: SendRun = { eventId: event.eventId, slug: event.entityId, run: packed.toString('base64') }
  writeFileSync(path.join(outbox, `${event.eventId}.json`), JSON.stringify(body), { mode: 0o600 })
  for (const old of byAge(outbox).slice(0, -limits.runs)) rmSync(old, { force: true })
}

function lastCheck(progress: Pick<ProgressLog, 'since'>): CheckEvent | undefined {
  return progress.since(0).filter(isKnown).findLast(isOwnCheck)
}

/** Whether the recording is of that check: others of the same lesson are recorded in the same file. */
function isOf({ lesson, task, failure }: Recording, event: CheckEvent, made: number): boolean {
  if (event.eventType !== 'CHECK_FAILED' || event.payload.target !== 'workspace') return false
  const { payload, entityId, timestamp } = event
  return (
    lesson === entityId &&
    task === payload.task &&
    failure?.diagnosis === payload.diagnosis &&
    Date.parse(timestamp) <= made + 1
  )
}

/** The path of a file may name its owner. */
function withoutFolders(recording: Recording): Recording {
  const steps = recording.steps.map((step) =>
    step.kind === 'command' && step.place !== undefined
      ? { ...step, place: { ...step.place, file: path.basename(step.place.file) } }
      : step,
  )
  return { ...recording, steps }
}

/** Oldest first. */
function byAge(outbox: string): readonly string[] {
  return namesIn(outbox)
    .map((name) => path.join(outbox, name))
    .map((file) => ({ file, at: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => a.at - b.at)
    .map(({ file }) => file)
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
