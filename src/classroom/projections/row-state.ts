import {
  type CheckEvent,
  COURSE,
  evolve,
  initialState,
  isOwnCheck,
  isUnbegun,
  type ProgressEvent,
  type ProgressState,
} from '../../progress/index.ts'
import type { CheckDot, CurrentTask, Failure, Hand } from '../api.ts'
import { limits } from '../limits.ts'
import { cut } from './kept.ts'
import { type TaskMarks, tasksAfter } from './task-marks.ts'

/** What one participant's progress amounts to for the class. Plain data: a snapshot is its JSON. */
export interface RowState {
  /** Only the lessons of the class, and no diagnoses. */
  readonly progress: ProgressState
  /** By slug: how each task that the class takes has ended. */
  readonly tasks: Readonly<Record<string, TaskMarks>>
  /** The last ones, oldest first. */
  readonly checks: readonly CheckDot[]
  /** The last check, if it failed. */
  readonly failure?: Failure
  readonly current?: CurrentTask
  readonly hand?: Hand
  /** Of the last event, by the hub's clock. */
  readonly seenAt?: string
}

export const newRow: RowState = { progress: initialState, tasks: {}, checks: [] }

/** What the class looks at. */
export interface Columns {
  readonly classId: string
  /** Its lessons by slug, each with the names of the tasks that it takes. */
  readonly tasks: ReadonlyMap<string, readonly string[]>
}

/** How many checks are kept for the timeline. */
const CHECKS = 30
/** More tasks, and more hints of a task, than any lesson has. */
const HINTS = 40

/** The row after another event, whose time is by the hub's clock. Pure. */
export function evolveRow(before: RowState, event: ProgressEvent, columns: Columns): RowState {
  const { classId } = columns
  const progress = progressAfter(before.progress, event, columns)
  const state = { ...before, progress, seenAt: event.timestamp }
  switch (event.eventType) {
    case 'LESSON_OPENED':
      return state.current?.slug === event.entityId
        ? state
        : { ...state, current: { slug: event.entityId, since: event.timestamp, attempts: 0 } }
    case 'CHECK_FAILED':
    case 'CHECK_PASSED':
      return isOwnCheck(event) ? checked(state, event, columns) : state
    case 'LESSON_RESET':
      return { ...state, tasks: withoutKey(state.tasks, event.entityId) }
    case 'LESSON_SKIPPED':
      return state.current?.slug === event.entityId ? without(state, 'current') : state
    case 'HAND_RAISED':
      return event.payload.class === classId ? { ...state, hand: handOf(event, state) } : state
    case 'HAND_LOWERED':
      return event.payload.class === classId ? without(state, 'hand') : state
    default:
      return state
  }
}

function checked(before: RowState, event: CheckEvent, columns: Columns): RowState {
  const state = {
    ...before,
    checks: [...before.checks, dotOf(event)].slice(-CHECKS),
    tasks: tasksAfter(before.tasks, event, columns.tasks.get(event.entityId) ?? []),
  }
  if (event.eventType === 'CHECK_FAILED') {
    return { ...state, current: currentAfter(state.current, event), failure: failureOf(event) }
  }
  const well = without(state, 'failure')
  const working = well.current?.slug === event.entityId ? without(well, 'current') : well
  // They've solved it.
  return working.hand?.slug === event.entityId ? without(working, 'hand') : working
}

/** A check as a dot on the timeline. */
export function dotOf({ entityId: slug, timestamp: at, eventType }: CheckEvent): CheckDot {
  return { at, slug, passed: eventType === 'CHECK_PASSED' }
}

type FailedCheck = Extract<CheckEvent, { eventType: 'CHECK_FAILED' }>

/** What failed and why, as far as a list shows it. */
function failureOf(event: FailedCheck): Failure {
  const { task, diagnosis } = event.payload
  return {
    slug: event.entityId,
    ...(task !== undefined && { task: cut(task, limits.task) }),
    diagnosis: cut(diagnosis, limits.shownDiagnosis),
    ...(isUnbegun(event) && { unbegun: true as const }),
  }
}

function currentAfter(
  before: CurrentTask | undefined,
  { entityId: slug, timestamp, payload }: FailedCheck,
): CurrentTask {
  const task = payload.task === undefined ? before?.task : cut(payload.task, limits.task)
  const atTask = task === undefined ? {} : { task }
  if (before?.slug !== slug) return { slug, ...atTask, since: timestamp, attempts: 1 }
  // The first check only shows which task they've been on since they opened the lesson.
  const isSame = before.task === task || before.task === undefined
  return isSame
    ? { slug, ...atTask, since: before.since, attempts: before.attempts + 1 }
    : { slug, ...atTask, since: timestamp, attempts: 1 }
}

function handOf(event: Extract<ProgressEvent, { eventType: 'HAND_RAISED' }>, state: RowState): Hand {
  const slug = event.entityId === COURSE ? state.current?.slug : event.entityId
  const text = cut(event.payload.text, limits.text)
  return { at: event.timestamp, text, ...(slug !== undefined && { slug }) }
}

/** Only lessons of the class, and only numbers and times: diagnoses would be most of a hub's memory. */
function progressAfter(progress: ProgressState, event: ProgressEvent, { tasks }: Columns): ProgressState {
  if (!tasks.has(event.entityId)) return progress
  switch (event.eventType) {
    case 'CHECK_FAILED':
      return evolve(progress, { ...event, payload: { ...event.payload, ...noFingerprint, diagnosis: '' } })
    case 'CHECK_PASSED':
      return evolve(progress, { ...event, payload: { ...event.payload, ...noFingerprint } })
    case 'LESSON_OPENED':
    case 'LESSON_RESET':
      return evolve(progress, { ...event, payload: {} })
    case 'HINT_REVEALED':
      return event.payload.task > HINTS || event.payload.step > HINTS ? progress : evolve(progress, event)
    // Answers to the quiz are the learner's own business.
    case 'QUIZ_ANSWERED':
      return progress
    default:
      return evolve(progress, event)
  }
}

const noFingerprint = { fingerprint: '' }

function withoutKey<T>(all: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = all
  return rest
}

function without(state: RowState, name: 'current' | 'hand' | 'failure'): RowState {
  const { [name]: _, ...rest } = state
  return rest
}
