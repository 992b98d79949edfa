import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { EventType, Payloads, ProgressEvent, StoredEvent } from '../../../src/progress/event.ts'

/** A `.eventlings` that doesn't exist yet, in a folder that is deleted after the test. */
export function temporaryFolder(): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'eventlings-progress-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return path.join(parent, '.eventlings')
}

export const logIn = (folder: string) => path.join(folder, 'progress.jsonl')

export const linesOf = (file: string): readonly string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')

export const eventsIn = (folder: string): readonly StoredEvent[] =>
  linesOf(logIn(folder)).map((line): StoredEvent => JSON.parse(line))

/** The same every time: 00000000-0000-4000-8000-000000000007. */
export const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

export const minute = (number: number) => new Date(Date.UTC(2025, 0, 1, 9, number)).toISOString()

/** A clock that advances one minute on each read. */
export function clock(start = 0): () => Date {
  let number = start
  return () => {
    number += 1
    return new Date(minute(number))
  }
}

let ids = 0

/** An event as it is in a log, one minute later than the one before. */
export function event<Type extends EventType>(
  eventType: Type,
  entityId: string,
  payload: Payloads[Type],
  place: {
    readonly n?: number
    readonly logId?: string
    readonly at?: string
    readonly eventId?: string
  } = {},
): ProgressEvent {
  ids += 1
  const { n = ids, logId = uuid(0), at = minute(ids), eventId = uuid(ids) } = place
  return { eventId, timestamp: at, eventType, entityId, payload, metadata: {}, logId, n } as ProgressEvent
}

const check = { target: 'workspace', redis: 'embedded', ms: 25, tasks: [] }

export const failed = (diagnosis = 'the key has no event') => ({ ...check, task: 'storeEvent', diagnosis })
export const passed = (skipped = 0) => ({ ...check, skipped })
