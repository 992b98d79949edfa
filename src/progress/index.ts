import type { ProgressOptions } from './open-log.ts'
import { ProgressLog } from './progress-log.ts'

export { decodeLine, isKnown } from './decode.ts'
export { BadProgressEventError, ProgressTransferError, type TransferProblem } from './errors.ts'
export {
  COURSE,
  type EventType,
  type Payloads,
  type ProgressEvent,
  type StoredEvent,
  type TaskOutcome,
} from './event.ts'
export { evolve, fold } from './evolve.ts'
export type { ImportResult } from './import-log.ts'
export type { ProgressOptions } from './open-log.ts'
export { type ProgressOverview, passedOf } from './overview.ts'
export { type CheckEvent, isOwnCheck, isUnbegun } from './own-check.ts'
export type { ProgressLog } from './progress-log.ts'
export {
  initialState,
  isDone,
  isPassed,
  type LessonProgress,
  type LessonState,
  type Placement,
  type ProgressState,
  type QuizAnswer,
} from './state.ts'

/**
 * Opens the progress log in a folder (`.eventlings` of the project). Reads it and writes nothing; never throws
 * because of its content: see `notices` and `writable`.
 */
export function openProgress(folder: string, options: ProgressOptions = {}): ProgressLog {
  return new ProgressLog(folder, options)
}
